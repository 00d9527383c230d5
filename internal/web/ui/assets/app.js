/* 前哨:小脚本。没有它每一页照样能读、能交。 */
(function () {
  "use strict";
  var d = document, r = d.documentElement;
  r.classList.add("has-js");
  function put(name, value) { d.cookie = name + "=" + value + ";path=/;max-age=31536000;samesite=lax"; }

  /* 明暗、行距:选了就记住 */
  d.addEventListener("click", function (e) {
    var b = e.target.closest("[data-act=theme],[data-density-set],[data-act=keys],[data-act=print]");
    if (!b) return;
    if (b.dataset.act === "theme") {
      var dark = r.dataset.theme ? r.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      r.dataset.theme = dark ? "light" : "dark";
      put("theme", r.dataset.theme);
    } else if (b.dataset.act === "keys") {
      var k = d.getElementById("keys"); if (k && k.showModal) k.showModal();
    } else if (b.dataset.act === "print") {
      print();
    } else {
      r.dataset.density = b.dataset.densitySet;
      put("density", b.dataset.densitySet);
      d.querySelectorAll("[data-density-set]").forEach(function (x) { x.setAttribute("aria-pressed", x === b); });
    }
  });

  /* 已登记打印的文书:直接打开打印窗口 */
  addEventListener("load", function () { if (d.querySelector("[data-act=print][data-now]")) print(); });

  /* 按别的答案显隐的填写项:data-when="名=值|值" */
  function apply(root) {
    root.querySelectorAll("[data-when]").forEach(function (el) {
      var at = el.dataset.when.split("="), form = el.closest("form"), want = at[1] ? at[1].split("|") : null, on = false;
      function fits(v) { return want ? want.indexOf(v) >= 0 : v !== ""; }
      if (!form) return;
      form.querySelectorAll('[name="' + at[0] + '"]').forEach(function (x) {
        if (x.closest("[hidden]")) return;
        if ((x.type === "radio" || x.type === "checkbox") ? x.checked && fits(x.value) : fits(x.value)) on = true;
      });
      el.hidden = !on;
      el.querySelectorAll("input,select,textarea").forEach(function (x) { x.disabled = !on; });
    });
  }
  /* 补录原因:服务器算出哪一天以前收到的要写原因 */
  function late() {
    d.querySelectorAll("[data-late]").forEach(function (b) {
      var r = b.closest("form").querySelector('[name="received"]'), on = r && r.value && r.value < b.dataset.late;
      b.hidden = !on && !b.querySelector(".err");
    });
  }
  /* 上级管理的人:整块内容不再填,也不会提交 */
  function slip() {
    var c = d.getElementById("content"), up = !!d.querySelector("#standing [data-slip]");
    if (c) c.hidden = c.disabled = up;
    d.querySelectorAll("[data-if-slip]").forEach(function (w) { w.hidden = (w.dataset.ifSlip === "yes") !== up; });
  }
  function whens() { apply(d); apply(d); late(); slip(); }
  d.addEventListener("change", function (e) { if (e.target.form) whens(); });

  /* 为什么是这一天:打开时取来 */
  d.addEventListener("toggle", function (e) {
    var t = e.target;
    if (t.open && t.dataset && t.dataset.load) {
      var box = t.querySelector("div"), url = t.dataset.load;
      t.removeAttribute("data-load");
      fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" }).then(function (x) { return x.ok ? x.text() : ""; }).then(function (h) {
        if (h) box.innerHTML = h; else location.href = url;
      }).catch(function () { location.href = url; });
    }
  }, true);
  d.addEventListener("click", function (e) {
    var a = e.target.closest(".why summary a");
    if (a) { e.preventDefault(); var t = a.closest("details"); t.open = !t.open; }
  });

  /* 行:j k 走,x 选,Enter 开 */
  var at = -1;
  function rows() { return [].slice.call(d.querySelectorAll("[data-row]")); }
  function tell() {
    var n = d.querySelectorAll("[data-row] input[type=checkbox]:checked").length;
    rows().forEach(function (x) { var c = x.querySelector("input[type=checkbox]"); if (c) x.classList.toggle("sel", c.checked); });
    d.querySelectorAll("[data-count]").forEach(function (x) { x.textContent = n; });
    var bulk = d.querySelector("[data-bulk]"); if (bulk) bulk.hidden = n === 0;
  }
  function go(k) {
    var rs = rows(); if (!rs.length) return;
    if (rs[at]) rs[at].classList.remove("cur");
    at = Math.max(0, Math.min(rs.length - 1, at + k));
    rs[at].classList.add("cur");
    var f = rs[at].querySelector("input[type=checkbox]") || rs[at].querySelector("[data-open]") || rs[at].querySelector("a");
    if (f) f.focus({ preventScroll: true });
    rs[at].scrollIntoView({ block: "nearest" });
  }
  d.addEventListener("change", function (e) { if (e.target.closest("[data-row]")) tell(); if (e.target.dataset && e.target.dataset.all !== undefined) { rows().forEach(function (x) { var c = x.querySelector("input[type=checkbox]"); if (c) c.checked = e.target.checked; }); tell(); } });

  var g = 0;
  d.addEventListener("keydown", function (e) {
    var t = e.target, typing = /^(textarea|select)$/i.test(t.tagName) || (t.tagName === "INPUT" && t.type !== "checkbox" && t.type !== "radio" && t.type !== "button" && t.type !== "submit");
    if ((e.ctrlKey || e.metaKey) && e.key === "Enter" && t.form) { e.preventDefault(); (t.form.querySelector("[data-submit]") || t.form).click ? t.form.requestSubmit(t.form.querySelector("[data-submit]") || undefined) : t.form.submit(); return; }
    if (typing) { if (e.key === "Escape") t.blur(); return; }
    if (e.ctrlKey || e.metaKey || e.altKey || d.querySelector("dialog[open]")) return; /* 对话框开着:按键归它,底下选中的不动 */
    var k = e.key, now = Date.now();
    if (g && now - g < 900) {
      g = 0;
      var to = { d: "/", t: "/tipoffs", c: "/clues", k: "/cases", a: "/approvals", r: "/report" }[k];
      if (to) { location.href = to; return; }
    }
    if (k === "g") { g = now; return; }
    if (k === "/") { var q = d.getElementById("q"); if (q) { e.preventDefault(); q.focus(); q.select(); } return; }
    if (k === "?") { var dl = d.getElementById("keys"); if (dl && dl.showModal) dl.showModal(); return; }
    if (k === "n") { var nw = d.querySelector("[data-new]"); if (nw) location.href = nw.href; return; }
    if (k === "j" || k === "ArrowDown" && at >= 0) { e.preventDefault(); go(1); return; }
    if (k === "k" || k === "ArrowUp" && at >= 0) { e.preventDefault(); go(-1); return; }
    var row = rows()[at];
    if (k === "x" && row) { var c = row.querySelector("input[type=checkbox]"); if (c) { c.checked = !c.checked; tell(); } return; }
    if (k === "Enter" && row && (t === d.body || t.type === "checkbox")) { var o = row.querySelector("[data-open]") || row.querySelector("a"); if (o) { e.preventDefault(); location.href = o.href; } return; }
    if (k === "a") { var s = d.getElementById("to"); if (s && !s.closest("[hidden]")) { e.preventDefault(); s.focus(); } return; }
    if (k === "Escape") { rows().forEach(function (x) { var c = x.querySelector("input[type=checkbox]"); if (c) c.checked = false; }); tell(); return; }
    var bound = d.querySelector((row ? '[data-row].cur ' : "") + '[data-key="' + k + '"]') || d.querySelector('[data-bulk]:not([hidden]) [data-key="' + k + '"]');
    if (bound) { e.preventDefault(); bound.focus(); bound.click(); }
  });

  /* 单位、对象的候选:点一个就填上 */
  d.addEventListener("click", function (e) {
    var b = e.target.closest("[data-fill]");
    if (!b) return;
    e.preventDefault();
    var form = b.closest("form"), vals = JSON.parse(b.dataset.fill);
    var box = b.closest("[data-picks]"), own = box && "#" + box.id;
    Object.keys(vals).forEach(function (n) {
      form.querySelectorAll('[name="' + n + '"]').forEach(function (x) {
        if (x.type === "radio" || x.type === "checkbox") x.checked = String(x.value) === String(vals[n]); else x.value = vals[n];
        x.dispatchEvent(new CustomEvent(own && x.getAttribute("hx-target") === own ? "htmx:abort" : "change", { bubbles: true, detail: {} })); /* 刚选定,不再列候选 */
      });
    });
    if (box) box.innerHTML = "";
    var next = b.dataset.next && form.querySelector(b.dataset.next); if (next) next.focus();
    whens();
  });
  d.addEventListener("keydown", function (e) {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    var f = e.target.closest(".f"), list = f && f.parentNode.querySelector("[data-picks]"), bs = list ? [].slice.call(list.querySelectorAll("button")) : [];
    if (e.target.closest("[data-picks]")) { list = e.target.closest("[data-picks]"); bs = [].slice.call(list.querySelectorAll("button")); }
    if (!bs.length) return;
    e.preventDefault();
    var i = bs.indexOf(d.activeElement) + (e.key === "ArrowDown" ? 1 : -1);
    (bs[Math.max(0, Math.min(bs.length - 1, i))]).focus();
  });

  function ready(root) {
    whens(); tell();
    if (matchMedia("(min-width: 48.01rem)").matches) d.querySelectorAll("details.filters").forEach(function (x) { x.open = true; });
    var nav = d.querySelector(".nav"), here = nav && nav.querySelector("[aria-current]");
    if (here && nav.scrollWidth > nav.clientWidth) nav.scrollLeft = here.offsetLeft - 16; /* 窄屏:导航滑到当前这一项 */
    var f = (root || d).querySelector("[data-focus]"); if (f) f.focus();
  }
  d.addEventListener("htmx:beforeSwap", function (e) {
    var t = e.detail.target;
    if (t.matches("[data-picks]") && t.contains(d.activeElement)) e.detail.shouldSwap = false; /* 正在候选里走,不换掉脚下的 */
  });
  d.addEventListener("htmx:afterSwap", function () { whens(); tell(); });
  d.addEventListener("htmx:responseError", function (e) { if (e.detail.xhr.status === 401) location.href = "/sign-in"; });
  if (d.readyState === "loading") d.addEventListener("DOMContentLoaded", function () { ready(); }); else ready();
})();
