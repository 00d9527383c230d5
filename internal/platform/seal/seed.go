package seal

import "strings"

// bech32 writes bytes in the form that age's keys have (BIP 173); age reads it and does not offer to write it.
func bech32(prefix string, data []byte) string {
	const charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	lower := strings.ToLower(prefix)
	var five []byte
	acc, bits := uint32(0), 0
	for _, b := range data {
		acc, bits = acc<<8|uint32(b), bits+8
		for bits >= 5 {
			bits -= 5
			five = append(five, byte(acc>>bits)&31)
		}
	}
	if bits > 0 {
		five = append(five, byte(acc<<(5-bits))&31)
	}
	var in []byte
	for _, c := range []byte(lower) {
		in = append(in, c>>5)
	}
	in = append(in, 0)
	for _, c := range []byte(lower) {
		in = append(in, c&31)
	}
	check := polymod(append(append(in, five...), 0, 0, 0, 0, 0, 0)) ^ 1
	for i := range 6 {
		five = append(five, byte(check>>(5*(5-i)))&31)
	}
	var out strings.Builder
	out.WriteString(lower + "1")
	for _, v := range five {
		out.WriteByte(charset[v])
	}
	return strings.ToUpper(out.String())
}

func polymod(values []byte) uint32 {
	c := uint32(1)
	for _, v := range values {
		top := c >> 25
		c = c&0x1ffffff<<5 ^ uint32(v)
		for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				c ^= g
			}
		}
	}
	return c
}
