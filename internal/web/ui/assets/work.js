// Only while many reports come at once: works out what the form has to bring with it, so that sending thousands costs. It
// begins when the page is open and mostly ends before anybody has filled the form in. Without it a short wait does as well.
(function () {
  'use strict';
  var pass = document.querySelector('input[name=pass]'), proof = document.querySelector('input[name=proof]'), said = document.getElementById('wait');
  if (!pass || !proof || !proof.dataset.work || !window.Int32Array || !Int32Array.prototype.set) return;
  var form = proof.form, bits = +proof.dataset.work, salt = proof.dataset.salt;

  // SHA-256 (FIPS 180-4). Its constants are the fractional parts of the roots of the first primes.
  var H0 = [], K = [];
  for (var n = 2; K.length < 64; n++) {
    for (var d = 2; d * d <= n && n % d; d++);
    if (d * d <= n) continue;
    if (H0.length < 8) H0.push(part(Math.sqrt(n)));
    K.push(part(Math.pow(n, 1 / 3)));
  }
  function part(x) { return (x - Math.floor(x)) * 4294967296 | 0; }
  var W = new Int32Array(64);
  function sha(bytes) {
    var n = bytes.length, all = new Uint8Array((n + 8 >> 6) + 1 << 6), h = Int32Array.from ? Int32Array.from(H0) : new Int32Array(H0);
    all.set(bytes); all[n] = 128;
    for (var i = 0; i < 4; i++) all[all.length - 1 - i] = n * 8 >>> 8 * i;
    for (var at = 0; at < all.length; at += 64) {
      for (i = 0; i < 64; i++) {
        if (i < 16) { W[i] = all[at + 4 * i] << 24 | all[at + 4 * i + 1] << 16 | all[at + 4 * i + 2] << 8 | all[at + 4 * i + 3]; continue; }
        var p = W[i - 15], q = W[i - 2];
        W[i] = W[i - 16] + W[i - 7] + (turn(p, 7) ^ turn(p, 18) ^ p >>> 3) + (turn(q, 17) ^ turn(q, 19) ^ q >>> 10) | 0;
      }
      var a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
      for (i = 0; i < 64; i++) {
        var t = k + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + K[i] + W[i] | 0;
        var u = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c) | 0;
        k = g; g = f; f = e; e = d + t | 0; d = c; c = b; b = a; a = t + u | 0;
      }
      h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += k;
    }
    var out = new Uint8Array(32);
    for (i = 0; i < 32; i++) out[i] = h[i >> 2] >>> 24 - 8 * (i & 3);
    return out;
  }
  function turn(x, n) { return x >>> n | x << 32 - n; }
  function join(a, b) { var out = new Uint8Array(a.length + b.length); out.set(a); out.set(b, a.length); return out; }
  function hmac(key, text) {
    var i = new Uint8Array(64), o = new Uint8Array(64);
    for (var n = 0; n < 64; n++) { i[n] = key[n] ^ 54; o[n] = key[n] ^ 92; }
    return sha(join(o, sha(join(i, text))));
  }
  function ascii(s) { var out = new Uint8Array(s.length); for (var i = 0; i < s.length; i++) out[i] = s.charCodeAt(i); return out; }

  // scrypt (RFC 7914) with N = 1024, r = 1, p = 1.
  var N = 1024, V = new Int32Array(N * 32), X = new Int32Array(32), y = new Int32Array(16);
  function salsa(m, at) {
    var u, x0 = y[0] ^= m[at + 0], x1 = y[1] ^= m[at + 1], x2 = y[2] ^= m[at + 2], x3 = y[3] ^= m[at + 3], x4 = y[4] ^= m[at + 4], x5 = y[5] ^= m[at + 5], x6 = y[6] ^= m[at + 6], x7 = y[7] ^= m[at + 7], x8 = y[8] ^= m[at + 8], x9 = y[9] ^= m[at + 9], x10 = y[10] ^= m[at + 10], x11 = y[11] ^= m[at + 11], x12 = y[12] ^= m[at + 12], x13 = y[13] ^= m[at + 13], x14 = y[14] ^= m[at + 14], x15 = y[15] ^= m[at + 15];
    for (var i = 0; i < 4; i++) {
      u = x0 + x12 | 0; x4 ^= u << 7 | u >>> 25; u = x4 + x0 | 0; x8 ^= u << 9 | u >>> 23; u = x8 + x4 | 0; x12 ^= u << 13 | u >>> 19; u = x12 + x8 | 0; x0 ^= u << 18 | u >>> 14;
      u = x5 + x1 | 0; x9 ^= u << 7 | u >>> 25; u = x9 + x5 | 0; x13 ^= u << 9 | u >>> 23; u = x13 + x9 | 0; x1 ^= u << 13 | u >>> 19; u = x1 + x13 | 0; x5 ^= u << 18 | u >>> 14;
      u = x10 + x6 | 0; x14 ^= u << 7 | u >>> 25; u = x14 + x10 | 0; x2 ^= u << 9 | u >>> 23; u = x2 + x14 | 0; x6 ^= u << 13 | u >>> 19; u = x6 + x2 | 0; x10 ^= u << 18 | u >>> 14;
      u = x15 + x11 | 0; x3 ^= u << 7 | u >>> 25; u = x3 + x15 | 0; x7 ^= u << 9 | u >>> 23; u = x7 + x3 | 0; x11 ^= u << 13 | u >>> 19; u = x11 + x7 | 0; x15 ^= u << 18 | u >>> 14;
      u = x0 + x3 | 0; x1 ^= u << 7 | u >>> 25; u = x1 + x0 | 0; x2 ^= u << 9 | u >>> 23; u = x2 + x1 | 0; x3 ^= u << 13 | u >>> 19; u = x3 + x2 | 0; x0 ^= u << 18 | u >>> 14;
      u = x5 + x4 | 0; x6 ^= u << 7 | u >>> 25; u = x6 + x5 | 0; x7 ^= u << 9 | u >>> 23; u = x7 + x6 | 0; x4 ^= u << 13 | u >>> 19; u = x4 + x7 | 0; x5 ^= u << 18 | u >>> 14;
      u = x10 + x9 | 0; x11 ^= u << 7 | u >>> 25; u = x11 + x10 | 0; x8 ^= u << 9 | u >>> 23; u = x8 + x11 | 0; x9 ^= u << 13 | u >>> 19; u = x9 + x8 | 0; x10 ^= u << 18 | u >>> 14;
      u = x15 + x14 | 0; x12 ^= u << 7 | u >>> 25; u = x12 + x15 | 0; x13 ^= u << 9 | u >>> 23; u = x13 + x12 | 0; x14 ^= u << 13 | u >>> 19; u = x14 + x13 | 0; x15 ^= u << 18 | u >>> 14;
    }
    y[0] = y[0] + x0 | 0; y[1] = y[1] + x1 | 0; y[2] = y[2] + x2 | 0; y[3] = y[3] + x3 | 0; y[4] = y[4] + x4 | 0; y[5] = y[5] + x5 | 0; y[6] = y[6] + x6 | 0; y[7] = y[7] + x7 | 0; y[8] = y[8] + x8 | 0; y[9] = y[9] + x9 | 0; y[10] = y[10] + x10 | 0; y[11] = y[11] + x11 | 0; y[12] = y[12] + x12 | 0; y[13] = y[13] + x13 | 0; y[14] = y[14] + x14 | 0; y[15] = y[15] + x15 | 0;
  }
  function mix() {
    var i;
    for (i = 0; i < 16; i++) y[i] = X[16 + i];
    salsa(X, 0);
    for (i = 0; i < 16; i++) X[i] = y[i];
    salsa(X, 16);
    for (i = 0; i < 16; i++) X[16 + i] = y[i];
  }
  function scrypt(word, salt) {
    var b = new Uint8Array(128), i, j, at;
    for (i = 0; i < 4; i++) b.set(hmac(word, join(salt, [0, 0, 0, i + 1])), 32 * i);
    for (i = 0; i < 32; i++) X[i] = b[4 * i] | b[4 * i + 1] << 8 | b[4 * i + 2] << 16 | b[4 * i + 3] << 24;
    for (i = 0; i < N; i++) { V.set(X, 32 * i); mix(); }
    for (i = 0; i < N; i++) {
      at = 32 * (X[16] & N - 1);
      for (j = 0; j < 32; j++) X[j] ^= V[at + j];
      mix();
    }
    for (i = 0; i < 128; i++) b[i] = X[i >> 2] >>> 8 * (i & 3);
    return hmac(word, join(b, [0, 0, 0, 1]));
  }

  var found = [], next = 0, pressed = null, elsewhere = false;
  function work() {
    for (var until = Date.now() + 25; Date.now() < until; next++) {
      if (scrypt(ascii(String(next)), ascii(salt + found.length))[0] >> 8 - bits) continue;
      found.push(next);
      if (found.length < 4) continue;
      proof.value = found.join(' ');
      if (said) said.textContent = said.dataset.ready;
      if (pressed) pressed.click();
      return;
    }
    setTimeout(work, 0);
  }
  form.addEventListener('click', function (e) { elsewhere = e.target.formNoValidate; }); // to the list of places
  form.addEventListener('submit', function (e) {
    if (proof.value || elsewhere) return;
    e.preventDefault();
    pressed = form.querySelector('.send button');
    pressed.textContent = proof.dataset.wait;
  });
  work();
})();
