// What checking needs, in the browser's own language alone: a page opened from a file has WebCrypto in some browsers only,
// and Ed25519 and Argon2id in few or none. Nothing here keeps a secret of its own; what it reads is public, or the reader's.
"use strict";

const utf8 = s => new TextEncoder().encode(s);
const hex = b => Array.from(b, x => x.toString(16).padStart(2, "0")).join("");
const join = (...parts) => {
	const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
	let at = 0;
	for (const p of parts) out.set(p, at), at += p.length;
	return out;
};
const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
const le32 = n => Uint8Array.of(n & 255, n >>> 8 & 255, n >>> 16 & 255, n >>> 24);
const fromLE = b => b.reduceRight((n, x) => n << 8n | BigInt(x), 0n);
const toLE = (n, size) => Uint8Array.from({length: size}, (_, i) => Number(n >> BigInt(8 * i) & 255n));

// The constants of the hashes are the first bits of roots of primes.
const root = (n, k) => { // the k-th root of n, rounded down
	let x = 1n << BigInt(Math.ceil(n.toString(2).length / k));
	for (;;) {
		const y = (BigInt(k - 1) * x + n / x ** BigInt(k - 1)) / BigInt(k);
		if (y >= x) return x;
		x = y;
	}
};
const primes = [];
for (let n = 2; primes.length < 80; n++) if (primes.every(p => n % p)) primes.push(n);
const M64 = (1n << 64n) - 1n;
const K512 = primes.map(p => root(BigInt(p) << 192n, 3) & M64);
const H512 = primes.slice(0, 8).map(p => root(BigInt(p) << 128n, 2) & M64);
const K256 = K512.slice(0, 64).map(k => Number(k >> 32n));
const H256 = H512.map(h => Number(h >> 32n));

const pad = (b, block, size) => { // what SHA-2 puts behind a message
	const out = new Uint8Array(Math.ceil((b.length + 1 + size) / block) * block);
	out.set(b);
	out[b.length] = 0x80;
	const v = new DataView(out.buffer);
	v.setUint32(out.length - 8, Math.floor(b.length / 0x20000000));
	v.setUint32(out.length - 4, b.length << 3);
	return v;
};

const sha256 = b => {
	const v = pad(b, 64, 8), h = Int32Array.from(H256), w = new Int32Array(64);
	const r = (x, n) => x >>> n | x << 32 - n;
	for (let at = 0; at < v.byteLength; at += 64) {
		for (let i = 0; i < 64; i++) {
			if (i < 16) w[i] = v.getInt32(at + 4 * i);
			else {
				const x = w[i - 15], y = w[i - 2];
				w[i] = w[i - 16] + w[i - 7] + (r(x, 7) ^ r(x, 18) ^ x >>> 3) + (r(y, 17) ^ r(y, 19) ^ y >>> 10);
			}
		}
		let [a, b, c, d, e, f, g, k] = h;
		for (let i = 0; i < 64; i++) {
			const x = k + (r(e, 6) ^ r(e, 11) ^ r(e, 25)) + (e & f ^ ~e & g) + K256[i] + w[i] | 0;
			const y = (r(a, 2) ^ r(a, 13) ^ r(a, 22)) + (a & b ^ a & c ^ b & c) | 0;
			[k, g, f, e, d, c, b, a] = [g, f, e, d + x | 0, c, b, a, x + y | 0];
		}
		[a, b, c, d, e, f, g, k].forEach((x, i) => h[i] += x);
	}
	const out = new DataView(new ArrayBuffer(32));
	h.forEach((x, i) => out.setInt32(4 * i, x));
	return new Uint8Array(out.buffer);
};

const sha512 = b => {
	const v = pad(b, 128, 16), h = [...H512], w = [];
	const r = (x, n) => x >> n | x << 64n - n & M64;
	for (let at = 0; at < v.byteLength; at += 128) {
		for (let i = 0; i < 80; i++) {
			if (i < 16) w[i] = v.getBigUint64(at + 8 * i);
			else {
				const x = w[i - 15], y = w[i - 2];
				w[i] = w[i - 16] + w[i - 7] + (r(x, 1n) ^ r(x, 8n) ^ x >> 7n) + (r(y, 19n) ^ r(y, 61n) ^ y >> 6n) & M64;
			}
		}
		let [a, b, c, d, e, f, g, k] = h;
		for (let i = 0; i < 80; i++) {
			const x = k + (r(e, 14n) ^ r(e, 18n) ^ r(e, 41n)) + (e & f ^ (e ^ M64) & g) + K512[i] + w[i];
			const y = (r(a, 28n) ^ r(a, 34n) ^ r(a, 39n)) + (a & b ^ a & c ^ b & c);
			[k, g, f, e, d, c, b, a] = [g, f, e, d + x & M64, c, b, a, x + y & M64];
		}
		[a, b, c, d, e, f, g, k].forEach((x, i) => h[i] = h[i] + x & M64);
	}
	const out = new DataView(new ArrayBuffer(64));
	h.forEach((x, i) => out.setBigUint64(8 * i, x));
	return new Uint8Array(out.buffer);
};

const hmac = (key, b) => {
	const k = new Uint8Array(64);
	k.set(key.length > 64 ? sha256(key) : key);
	return sha256(join(k.map(x => x ^ 0x5c), sha256(join(k.map(x => x ^ 0x36), b))));
};
// One block of HKDF-SHA-256 without a salt: 32 bytes are all that is derived here.
const hkdf = (secret, info) => hmac(hmac(new Uint8Array(32), secret), join(utf8(info), [1]));

// Ed25519, RFC 8032: points in extended coordinates.
const P = (1n << 255n) - 19n, L = (1n << 252n) + 27742317777372353535851937790883648493n;
const mod = n => (n %= P) < 0n ? n + P : n;
const power = (x, e) => {
	let out = 1n;
	for (x = mod(x); e > 0n; e >>= 1n, x = mod(x * x)) if (e & 1n) out = mod(out * x);
	return out;
};
const invert = x => power(x, P - 2n);
const D = mod(-121665n * invert(121666n));
const add = ([x1, y1, z1, t1], [x2, y2, z2, t2]) => {
	const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2)), c = mod(2n * t1 * t2 * D), d = mod(2n * z1 * z2);
	const e = b - a, f = d - c, g = d + c, h = b + a;
	return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
};
const times = (p, n) => {
	let out = [0n, 1n, 1n, 0n];
	for (; n > 0n; n >>= 1n, p = add(p, p)) if (n & 1n) out = add(out, p);
	return out;
};
const encode = ([x, y, z]) => {
	const i = invert(z);
	return toLE(mod(y * i) | (mod(x * i) & 1n) << 255n, 32);
};
const decode = b => {
	const n = fromLE(b), y = mod(n & (1n << 255n) - 1n), odd = n >> 255n;
	const u = mod(y * y - 1n), v = mod(D * y * y + 1n), v3 = v * v * v;
	let x = mod(u * v3 * power(u * v3 * v * v * v * v, (P - 5n) / 8n));
	if (mod(v * x * x - u) !== 0n) x = mod(x * power(2n, (P - 1n) / 4n));
	if (mod(v * x * x - u) !== 0n) return null;
	if ((x & 1n) !== odd) x = mod(-x);
	return [x, y, 1n, mod(x * y)];
};
const base = decode(toLE(mod(4n * invert(5n)), 32));
const ed25519 = (pub, message, sig) => {
	if (pub.length !== 32 || sig.length !== 64) return false;
	const a = decode(pub), s = fromLE(sig.slice(32));
	if (!a || s >= L) return false;
	const k = fromLE(sha512(join(sig.slice(0, 32), pub, message))) % L;
	return same(encode(add(times(base, s), times([mod(-a[0]), a[1], 1n, mod(-a[3])], k))), sig.slice(0, 32));
};

// BLAKE2b, RFC 7693, without a key.
const sigma = ["0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8", "905724afe1bc683d", "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a", "6fe9b308c2d714a5", "a2847615fb9e3cd0"];
const blake2b = (b, size) => {
	const h = [...H512], v = new DataView(new ArrayBuffer(Math.max(1, Math.ceil(b.length / 128)) * 128));
	new Uint8Array(v.buffer).set(b);
	h[0] ^= 0x01010000n ^ BigInt(size);
	const r = (x, n) => x >> n | x << 64n - n & M64;
	for (let at = 0; at < v.byteLength; at += 128) {
		const last = at + 128 === v.byteLength, x = [...h, ...H512];
		x[12] ^= BigInt(last ? b.length : at + 128);
		if (last) x[14] ^= M64;
		for (let i = 0; i < 12; i++) {
			const m = j => v.getBigUint64(at + 8 * parseInt(sigma[i % 10][j], 16), true);
			[[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15], [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]].forEach(([a, b, c, d], j) => {
				x[a] = x[a] + x[b] + m(2 * j) & M64;
				x[d] = r(x[d] ^ x[a], 32n);
				x[c] = x[c] + x[d] & M64;
				x[b] = r(x[b] ^ x[c], 24n);
				x[a] = x[a] + x[b] + m(2 * j + 1) & M64;
				x[d] = r(x[d] ^ x[a], 16n);
				x[c] = x[c] + x[d] & M64;
				x[b] = r(x[b] ^ x[c], 63n);
			});
		}
		h.forEach((y, i) => h[i] = y ^ x[i] ^ x[i + 8]);
	}
	return join(...h.map(y => toLE(y, 8))).slice(0, size);
};

// Argon2id, RFC 9106: one pass, one lane, 32 bytes. A block is 128 words of 64 bits, the lower half of each first.
const argon2id = (password, salt, kilobytes) => {
	const long = (b, size) => { // the hash of any length
		let h = blake2b(join(le32(size), b), Math.min(size, 64));
		if (size <= 64) return h;
		const parts = [];
		for (let left = size; ; left -= 32, h = blake2b(h, Math.min(left, 64))) {
			if (left <= 64) return join(...parts, h);
			parts.push(h.slice(0, 32));
		}
	};
	const hashed = blake2b(join(le32(1), le32(32), le32(kilobytes), le32(1), le32(0x13), le32(2), le32(password.length), password, le32(salt.length), salt, le32(0), le32(0)), 64);
	const blocks = Array.from({length: kilobytes}, () => new Uint32Array(256));
	for (const i of [0, 1]) {
		const v = new DataView(long(join(hashed, le32(i), le32(0)), 1024).buffer);
		for (let k = 0; k < 256; k++) blocks[i][k] = v.getUint32(4 * k, true);
	}
	const w = new Uint32Array(256);
	const blend = (a, b) => { // a += b + 2·low(a)·low(b)
		const x = w[2 * a], y = w[2 * b], p = x * (y & 0xffff), q = x * (y >>> 16);
		const low = Math.imul(x, y) >>> 0, high = Math.floor((q + Math.floor(p / 65536)) / 65536);
		const sum = x + y + (low << 1 >>> 0);
		w[2 * a + 1] = w[2 * a + 1] + w[2 * b + 1] + (high << 1 | low >>> 31) + Math.floor(sum / 4294967296);
		w[2 * a] = sum;
	};
	const turn = (a, b, n) => { // a = (a ^ b) turned right by n
		const l = w[2 * a] ^ w[2 * b], h = w[2 * a + 1] ^ w[2 * b + 1];
		if (n === 32) w[2 * a] = h, w[2 * a + 1] = l;
		else if (n === 63) w[2 * a] = l << 1 | h >>> 31, w[2 * a + 1] = h << 1 | l >>> 31;
		else w[2 * a] = l >>> n | h << 32 - n, w[2 * a + 1] = h >>> n | l << 32 - n;
	};
	const mix = (a, b, c, d) => {
		blend(a, b), turn(d, a, 32), blend(c, d), turn(b, c, 24), blend(a, b), turn(d, a, 16), blend(c, d), turn(b, c, 63);
	};
	const round = i => {
		for (let k = 0; k < 4; k++) mix(i[k], i[4 + k], i[8 + k], i[12 + k]);
		for (let k = 0; k < 4; k++) mix(i[k], i[4 + (k + 1) % 4], i[8 + (k + 2) % 4], i[12 + (k + 3) % 4]);
	};
	const sixteen = f => Array.from({length: 16}, (_, k) => f(k));
	const rows = Array.from({length: 8}, (_, i) => sixteen(k => 16 * i + k)), columns = Array.from({length: 8}, (_, i) => sixteen(k => 2 * i + (k >> 1) * 16 + k % 2));
	const compress = (x, y, out) => {
		for (let k = 0; k < 256; k++) w[k] = out[k] = x[k] ^ y[k];
		rows.forEach(round);
		columns.forEach(round);
		for (let k = 0; k < 256; k++) out[k] ^= w[k];
	};
	const zero = new Uint32Array(256), input = new Uint32Array(256), addresses = new Uint32Array(256), segment = kilobytes / 4;
	const wide = (a, b) => Number(BigInt(a) * BigInt(b) >> 32n);
	for (let at = 2; at < kilobytes; at++) {
		const slice = Math.floor(at / segment), index = at % segment;
		let from = blocks[at - 1];
		if (slice < 2) { // where it reads from does not depend on the password
			if (index % 128 === 0 || at === 2) {
				[0, 0, slice, kilobytes, 1, 2, Math.floor(index / 128) + 1].forEach((n, k) => input[2 * k] = n);
				compress(zero, input, addresses);
				compress(zero, Uint32Array.from(addresses), addresses);
			}
			from = addresses.subarray(2 * (index % 128));
		}
		const area = at - 1, back = wide(area, wide(from[0], from[0]));
		compress(blocks[at - 1], blocks[area - 1 - back], blocks[at]);
	}
	return long(new Uint8Array(blocks[kilobytes - 1].buffer), 32);
};
