// The same as Check of proof.go, line by line: {state, code, args}.

const b64 = s => {
	if (!/^[A-Za-z0-9+/]*={0,2}$/.test(s) || s.length % 4) return null;
	const b = atob(s);
	return btoa(b) === s ? Uint8Array.from(b, c => c.charCodeAt(0)) : null;
};
const rawKey = s => { const b = b64(s); return b && b.length === 32 ? b : null; };
const keyHash = (name, key) => sha256(join(utf8(name + "\n"), key)).slice(0, 4);
const named = (s, algorithm) => { // a key as C2SP writes it: name+hash+algorithm and key
	const m = /^([^+\s]+)\+([0-9a-f]{8})\+(.*)$/.exec(s), key = m && b64(m[3]);
	if (!key || key.length !== 33 || key[0] !== algorithm || hex(keyHash(m[1], key)) !== m[2]) return null;
	return {name: m[1], hash: keyHash(m[1], key), key: key.slice(1)};
};
const OWN = 1, WITNESS = 4; // the algorithms' numbers in C2SP signed-note
const noteKey = (name, raw) => ({name, hash: keyHash(name, join([OWN], raw)), key: raw});

const tidy = s => s.replace(/^\ufeff/, "").replace(/[ \t\r]+$/gm, "").replace(/^\n+|\n+$/g, "") + "\n";
const fold = text => text.slice(0, -1).split("\n").map(l => {
	const r = [...l], out = [r.splice(0, 72).join("")];
	while (r.length) out.push(" " + r.splice(0, 71).join(""));
	return out.join("\n");
}).join("\n") + "\n";
const parse = text => {
	text = tidy(text);
	const whole = text.replace(/\n /g, ""), parts = /^qianshao\/proof\/1\nversion 1\nsalt (\S*)\nbody (\S*)\nindex (0|[1-9]\d{0,15})\n((?:path \S+\n)*)public (\S+)\n((?:witness \S+\n)*)\n([^]*)$/.exec(whole);
	if (!parts || fold(whole) !== text) return null;
	const list = s => s.split("\n").slice(0, -1).map(l => l.slice(l.indexOf(" ") + 1));
	const p = {salt: b64(parts[1]), body: b64(parts[2]), index: Number(parts[3]), path: list(parts[4]).map(b64), key: parts[5], raw: rawKey(parts[5]), witnesses: list(parts[6]), note: parts[7]};
	const good = p.salt && p.body && p.raw && p.path.length < 64 && p.path.every(h => h && h.length === 32) && p.witnesses.length <= 16 && p.witnesses.every(w => named(w, WITNESS));
	return good ? p : null;
};

// signature says of a signed note whether a key signed it: "holds", "fails" if it says so and has not, or "open".
const signature = (signed, key) => {
	const end = signed.lastIndexOf("\n\n"), text = signed.slice(0, end + 1);
	if (end < 0 || !signed.endsWith("\n") || /[\u0000-\u0009\u000b-\u001f]/.test(signed)) return "open";
	const lines = signed.slice(end + 2, -1).split("\n").map(l => /^— (\S+) (\S+)$/.exec(l));
	if (lines.some(m => !m || !b64(m[2]))) return "open";
	for (const [, name, sig] of lines) {
		const b = b64(sig);
		if (name === key.name && same(b.slice(0, 4), key.hash)) return ed25519(key.key, utf8(text), b.slice(4)) ? "holds" : "fails";
	}
	return "open";
};

const checkpoint = text => {
	const m = /^(.+)\n(0|[1-9]\d{0,15})\n(\S+)\n/.exec(text), hash = m && b64(m[3]);
	return hash && hash.length === 32 ? {origin: m[1], size: Number(m[2]), root: hash, text: m[0]} : null;
};
const node = (l, r) => sha256(join([1], l, r));
const climb = (path, lo, hi, n, leaf) => { // RFC 6962: from the leaf to the root of lo..hi
	if (lo + 1 === hi) return path.length ? null : leaf;
	if (!path.length) return null;
	let k = 1;
	while (2 * k < hi - lo) k *= 2;
	const side = path[path.length - 1], left = n < lo + k, sub = climb(path.slice(0, -1), left ? lo : lo + k, left ? lo + k : hi, n, leaf);
	return sub && (left ? node(sub, side) : node(side, sub));
};

const day = ms => new Date(ms + 8 * 3600e3).toISOString(); // China's time
const countersigned = (p, c, w) => {
	for (const m of p.note.matchAll(/^— (\S+) (\S+)$/gm)) {
		const b = b64(m[2]);
		if (m[1] !== w.name || !b || b.length !== 76 || !same(b.slice(0, 4), w.hash)) continue;
		const at = Number(fromLE(b.slice(4, 12).reverse()));
		if (at < 2 ** 40 && ed25519(w.key, utf8("cosignature/v1\ntime " + at + "\n" + c.text), b.slice(12))) return day(at * 1000).slice(0, 16).replace("T", " ");
	}
	return null;
};

const real = d => { // a day of the calendar
	const m = /^\d{4}-\d\d-\d\d$/.test(d) && new Date(d + "T00:00:00Z");
	return m && !isNaN(m) && m.toISOString().slice(0, 10) === d;
};
const parseNote = text => {
	const m = /^qianshao\/portal\/1\nname ([0-9a-f]{64})\ncommit ([0-9a-f]{64})\nday (\S+)\nto ([1-9]\d*\.[0-9A-HJKMNP-TV-Z]{26})\n(?:due (\S+)\n)?$/.exec(text);
	return m && real(m[3]) && (m[5] === undefined || real(m[5])) ? {name: m[1], commit: m[2], day: m[3], to: m[4], due: m[5] || ""} : null;
};
const readAct = body => {
	try {
		const act = JSON.parse(new TextDecoder("utf-8", {fatal: true}).decode(body)), p = act.params;
		if (act.action !== "letter.take" || !Number.isInteger(act.at)) return null;
		const n = parseNote("qianshao/portal/1\nname " + p.name + "\ncommit " + p.commit + "\nday " + p.day + "\nto " + p.to + "\n" + (p.due ? "due " + p.due + "\n" : ""));
		return n && {...n, entered: day(act.at / 1000).slice(0, 10)};
	} catch {
		return null;
	}
};

// readReceipt reads what somebody typed, or gives null: the last digit is H. M. Damm's check.
const damm = ["0317598642", "7092154863", "4206871359", "1750983426", "6123045978", "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"];
const readReceipt = s => {
	const d = s.replace(/[０-９]/g, c => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/[ \-\u3000\t\r\n\u00a0]/g, "");
	return /^\d{16}$/.test(d) && [...d].reduce((c, x) => Number(damm[c][x]), 0) === 0 ? d : null;
};
const secrets = receipt => {
	const info = "qianshao/receipt/1", key = argon2id(utf8(receipt), utf8(info), 2048);
	return {name: hex(hkdf(key, info + "/name")), salt: hkdf(key, info + "/salt")};
};

const check = ask => {
	const out = [], say = (state, code, ...args) => out.push({state, code, args});
	const p = parse(ask.proof);
	if (!p) return say("fails", "form"), out;
	for (const k of ask.publics) if (!rawKey(k) && !named(k, OWN)) return say("fails", "key.form", k), out;
	const pinned = ask.publics.filter(rawKey);
	if (pinned.length && !pinned.includes(p.key)) return say("fails", "key.other", p.key), out;
	const c = checkpoint(p.note);
	if (!c || signature(p.note, noteKey(c.origin, p.raw)) !== "holds") return say("fails", "signature"), out;
	const leaf = sha256(join([0, 1], sha256(join(p.salt, p.body))));
	const top = p.index < c.size ? climb(p.path, 0, c.size, p.index, leaf) : null;
	if (!top || !same(top, c.root)) return say("fails", "absent"), out;
	if (pinned.length) say("holds", "key.pinned", p.key);
	else say("open", "key.own", p.key);
	say("holds", "included", c.origin.slice(c.origin.lastIndexOf("/") + 1), String(p.index), String(c.size));

	for (const k of ask.witnesses) {
		const w = named(k, WITNESS), at = w && countersigned(p, c, w);
		if (!w) say("fails", "witness.key", k);
		else if (at) say("holds", "witness.pinned", w.name, at);
		else say("fails", "witness.missing", w.name);
	}
	for (const k of p.witnesses.filter(k => !ask.witnesses.includes(k))) {
		const w = named(k, WITNESS), at = countersigned(p, c, w);
		if (at) say("open", "witness.own", w.name, at, k);
		else say("fails", "witness.bad", w.name);
	}
	if (!ask.witnesses.length && !p.witnesses.length) say("open", "witness.none");

	const act = readAct(p.body);
	if (!act) return say("fails", "act"), out;
	say("holds", "received", act.day, act.entered, act.to);
	if (act.due) say("holds", "due", act.due);
	else say("open", "due.none");

	if (!ask.note) say("open", "note.none");
	else checkNote(ask, p, act, say);

	if (!ask.receipt) return say("open", "receipt.none"), out;
	const s = secrets(ask.receipt);
	if (s.name !== act.name) return say("fails", "receipt.other"), out;
	say("holds", "receipt.same");
	if (ask.letter && hex(hmac(s.salt, ask.letter)) === act.commit) say("holds", "letter.same");
	else if (ask.letter) say("fails", "letter.other");
	return out;
};

const checkNote = (ask, p, act, say) => {
	const signed = ask.note.replace(/^\ufeff/, "").replace(/\r\n/g, "\n").trim() + "\n", end = signed.indexOf("\n\n");
	const n = end < 0 ? null : parseNote(signed.slice(0, end + 1));
	if (!n) return say("fails", "note.form");
	const by = /^— (\S+) /.exec(signed.slice(end + 2)), keys = ask.publics.length ? ask.publics : [p.key];
	const states = by ? keys.map(k => signature(signed, rawKey(k) ? noteKey(by[1], rawKey(k)) : named(k, OWN))) : [];
	const state = states.find(s => s !== "open") || "open";
	say(state, {holds: "note.signed", fails: "note.changed", open: "note.stranger"}[state]);
	if (n.name !== act.name) return say("fails", "note.other");
	const wrong = [["note.day", n.day, act.day], ["note.due", n.due, act.due], ["note.organ", n.to, act.to]].filter(x => x[1] !== x[2]);
	wrong.forEach(x => say("fails", ...x));
	if (n.commit !== act.commit) say("fails", "note.text");
	else if (!wrong.length) say("holds", "note.same");
};
