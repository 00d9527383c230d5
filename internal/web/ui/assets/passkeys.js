/* 通行密钥:向本系统要题目,由浏览器作答,填进表单交回。没有它,动态验证码照样能用。 */
(function () {
  "use strict";
  var d = document;
  function bytes(s) {
    s = atob(s.replace(/-/g, "+").replace(/_/g, "/"));
    var b = new Uint8Array(s.length);
    for (var i = 0; i < s.length; i++) b[i] = s.charCodeAt(i);
    return b.buffer;
  }
  function text(b) {
    return btoa(String.fromCharCode.apply(null, new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function opened(o) {
    o.challenge = bytes(o.challenge);
    if (o.user) o.user.id = bytes(o.user.id);
    (o.excludeCredentials || []).concat(o.allowCredentials || []).forEach(function (c) { c.id = bytes(c.id); });
    return o;
  }
  function answer(c) {
    var r = c.response, out = { clientDataJSON: text(r.clientDataJSON) };
    if (r.attestationObject) {
      out.attestationObject = text(r.attestationObject);
      if (r.getTransports) out.transports = r.getTransports();
    } else {
      out.authenticatorData = text(r.authenticatorData);
      out.signature = text(r.signature);
      if (r.userHandle) out.userHandle = text(r.userHandle);
    }
    return JSON.stringify({ id: c.id, rawId: text(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment || undefined,
      clientExtensionResults: c.getClientExtensionResults(), response: out });
  }
  d.querySelectorAll("form[data-passkey]").forEach(function (form) {
    var says = form.querySelector(".says"), go = form.querySelector("[data-passkey-go]");
    function say(t) { says.textContent = t; says.hidden = false; go.disabled = false; }
    function begin() {
      if (!window.PublicKeyCredential) { say(says.dataset.none); return; }
      go.disabled = true; says.hidden = true;
      fetch(form.dataset.ask, { method: "POST", credentials: "same-origin", headers: { Accept: "application/json" } }).then(function (x) {
        return x.json().then(function (o) { if (!x.ok) throw { said: o.title }; return o; });
      }).then(function (o) {
        return navigator.credentials[form.dataset.passkey]({ publicKey: opened(o.publicKey) });
      }).then(function (c) {
        form.querySelector('[name="answer"]').value = answer(c);
        form.submit();
      }).catch(function (e) {
        say(e.said || (e.name === "InvalidStateError" ? says.dataset.refused : says.dataset.stopped));
      });
    }
    go.addEventListener("click", begin);
    form.addEventListener("submit", function (e) { e.preventDefault(); begin(); });
  });
})();
