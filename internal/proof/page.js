// What the reader does on the page.

const $ = id => document.getElementById(id);
const MARKS = {holds: "✓", open: "？", fails: "✗"};
const fill = (text, args) => text.replace(/\{(\d):(\w+):(\w+)\}/g, (_, i, one, many) => args[i] === "1" ? one : many).replace(/\{(\d)\}/g, (_, i) => args[i]);
const words = s => s.split(/\s+/).filter(Boolean);

const show = (state, code, args) => {
	const li = document.createElement("li");
	li.className = state;
	li.dataset.code = code;
	const mark = document.createElement("span");
	mark.className = "mark";
	mark.textContent = MARKS[state];
	li.append(mark);
	TEXTS[code].forEach((text, i) => {
		const p = document.createElement("p");
		p.lang = ["zh-CN", "en"][i];
		p.textContent = fill(text, args);
		li.append(p);
	});
	$("lines").append(li);
};

const files = {};
document.querySelectorAll("input[type=file]").forEach(input => input.addEventListener("change", async () => {
	const f = input.files[0];
	files[input.id] = f && new Uint8Array(await f.arrayBuffer());
	const into = $(input.dataset.into);
	if (f && into) into.value = new TextDecoder().decode(files[input.id]);
}));

$("form").addEventListener("submit", e => {
	e.preventDefault();
	$("lines").replaceChildren();
	const typed = $("receipt").value.trim(), receipt = typed && readReceipt(typed);
	if (typed && !receipt) show("fails", "fault.verify.receipt", []);
	const ls = check({proof: $("proof").value, note: $("note").value.trim(), receipt, letter: files["letter"] || null, publics: words($("publics").value), witnesses: words($("witnesses").value)});
	ls.forEach(l => show(l.state, l.code, l.args));
	const bad = typed && !receipt || ls.some(l => l.state === "fails");
	const end = bad ? "fault.verify.proof" : ls.some(l => l.state === "open") ? "good.own" : "good";
	show(bad ? "fails" : "holds", end, []);
	$("lines").lastChild.classList.add("end");
	$("lines").lastChild.scrollIntoView({block: "nearest"});
});
$("form").addEventListener("reset", () => {
	$("lines").replaceChildren();
	Object.keys(files).forEach(k => delete files[k]);
});
