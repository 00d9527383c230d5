package seal

import (
	"bytes"
	"compress/zlib"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"math/big"
	"strings"
	"testing"

	vectors "c2sp.org/CCTV/age"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// GB/T 32905-2016, annex A.
func TestVectorsSM3(t *testing.T) {
	for text, want := range map[string]string{
		"abc":                      "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
		strings.Repeat("abcd", 16): "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
	} {
		if got := sm3.Sum([]byte(text)); hex.EncodeToString(got[:]) != want {
			t.Errorf("%s: %x", text, got)
		}
	}
}

// GB/T 32907-2016, annex A: once, and a million times.
func TestVectorsSM4(t *testing.T) {
	key := unhex(t, "0123456789abcdeffedcba9876543210")
	c, err := sm4.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	b := bytes.Clone(key)
	c.Encrypt(b, b)
	if hex.EncodeToString(b) != "681edf34d206965e86b3e94f536e4246" {
		t.Errorf("once: %x", b)
	}
	for range 999_999 {
		c.Encrypt(b, b)
	}
	if hex.EncodeToString(b) != "595298c7c6fd271f0402f804c33d3f66" {
		t.Errorf("a million times: %x", b)
	}
}

// RFC 8998, A.1.
func TestVectorsSM4GCM(t *testing.T) {
	c, err := sm4.NewCipher(unhex(t, "0123456789abcdeffedcba9876543210"))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(c)
	if err != nil {
		t.Fatal(err)
	}
	number, with := unhex(t, "00001234567800000000abcd"), unhex(t, "feedfacedeadbeeffeedfacedeadbeefabaddad2")
	plain := unhex(t, strings.Repeat("aa", 8)+strings.Repeat("bb", 8)+strings.Repeat("cc", 8)+strings.Repeat("dd", 8)+strings.Repeat("ee", 8)+strings.Repeat("ff", 8)+strings.Repeat("ee", 8)+strings.Repeat("aa", 8))
	want := "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec"
	if got := gcm.Seal(nil, number, plain, with); hex.EncodeToString(got) != want {
		t.Errorf("%x", got)
	}
	if got, err := gcm.Open(nil, number, unhex(t, want), with); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%x %v", got, err)
	}
}

// The key and signature, and the encryption, of GB/T 32918.5-2017 (GM/T 0003.5), annexes A and C.
func TestVectorsSM2(t *testing.T) {
	k, err := sm2.NewPrivateKey(unhex(t, "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"))
	if err != nil {
		t.Fatal(err)
	}
	const public = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
	if got := hex.EncodeToString(sm2Bytes(&k.PublicKey)); got != public {
		t.Errorf("public half: %s", got)
	}
	pub, err := sm2.NewPublicKey(unhex(t, public))
	if err != nil {
		t.Fatal(err)
	}
	sig := der(t, "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3", "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA")
	if !sm2.VerifyASN1WithSM2(pub, []byte("1234567812345678"), []byte("message digest"), sig) {
		t.Error("the standard's signature was refused")
	}
	if sm2.VerifyASN1WithSM2(pub, []byte("1234567812345678"), []byte("message digesT"), sig) {
		t.Error("it was taken for another message")
	}
	if z, err := sm2.CalculateZA(pub, []byte("1234567812345678")); err != nil || hex.EncodeToString(z) != "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3" {
		t.Errorf("Z: %x %v", z, err)
	}
	sealed := unhex(t, "04"+"04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"+
		"59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"+"21886CA989CA9C7D58087307CA93092D651EFA")
	if got, err := sm2.Decrypt(k, sealed); err != nil || string(got) != "encryption standard" {
		t.Errorf("decrypted %q, %v", got, err)
	}
}

func der(t *testing.T, r, s string) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(unhex(t, r)))
		b.AddASN1BigInt(new(big.Int).SetBytes(unhex(t, s)))
	})
	out, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The vectors that age's format is published with (C2SP CCTV): those of hybrid keys through Reader, those of passphrases
// through what unwraps keys.
func TestVectorsAge(t *testing.T) {
	all, err := fs.ReadDir(vectors.Vectors, ".")
	if err != nil {
		t.Fatal(err)
	}
	hybrid, pass := 0, 0
	for _, f := range all {
		b, err := fs.ReadFile(vectors.Vectors, f.Name())
		if err != nil {
			t.Fatal(err)
		}
		said := map[string][]string{}
		for {
			line, rest, _ := bytes.Cut(b, []byte("\n"))
			if b = rest; len(line) == 0 {
				break
			}
			name, value, _ := strings.Cut(string(line), ": ")
			said[name] = append(said[name], value)
		}
		if said["armored"] != nil {
			continue // the form inside text: sealed objects here never are
		}
		if said["compressed"] != nil {
			z, err := zlib.NewReader(bytes.NewReader(b))
			if err == nil {
				b, err = io.ReadAll(z)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		var r io.Reader
		switch ids := said["identity"]; {
		case said["passphrase"] != nil:
			pass++
			r, err = agePassReader(bytes.NewReader(b), said["passphrase"][0], dearestKey)
		case len(ids) > 0 && !strings.Contains(strings.Join(ids, " "), "AGE-SECRET-KEY-1"):
			hybrid++
			r, err = Reader(bytes.NewReader(b), ids...)
		default:
			continue
		}
		var plain []byte
		if err == nil {
			plain, err = io.ReadAll(r)
		}
		if want := said["expect"][0] == "success"; (err == nil) != want {
			t.Errorf("%s: %v, which is to be a %s", f.Name(), err, said["expect"][0])
		} else if want {
			if sum := sha256.Sum256(plain); hex.EncodeToString(sum[:]) != said["payload"][0] {
				t.Errorf("%s: other contents", f.Name())
			}
		}
	}
	if hybrid < 10 || pass < 10 {
		t.Errorf("only %d vectors of hybrid keys and %d of passphrases", hybrid, pass)
	}
}
