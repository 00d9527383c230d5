package portal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/scrypt"
)

// A flood costs whoever sends it, and nobody is asked who they are. While few reports come nothing is asked of anybody. When
// many come, each form goes out with a pass: signed here, good for that form's report alone, and nothing of it is kept. It is
// honoured with a proof that the sender's machine worked, which a script finds while the form is being filled in, or once it
// is some seconds old. What is asked grows with the load, and is never more than a phone does in two seconds.
//
// The waiting holds up a sender, and not what many send side by side: without a script nothing can. The work is scrypt, so
// that a phone's script and a machine made for it are not as far apart as with a hash alone.

const (
	calm     = 100 // reports within the window up to which nothing is asked, unless the portal is told another number
	window   = 5   // minutes
	parts    = 4   // proofs of one pass: their number evens out luck
	passAge  = 2 * time.Hour
	workInfo = "qianshao/work/1"
)

// The dearest pass takes 4 times 2^5 tries on average: about a second of a phone.
var degrees = []struct {
	bits uint
	wait time.Duration
}{{}, {2, 10 * time.Second}, {3, 20 * time.Second}, {4, 40 * time.Second}, {5, time.Minute}}

// gate counts what comes in, by the minute, and signs passes with a key that dies with the process.
type gate struct {
	calm int
	key  [32]byte
	mu   sync.Mutex
	came [window]int
	at   int64 // the minute that was counted last
}

func newGate(most int) *gate {
	g := &gate{calm: most}
	if g.calm <= 0 {
		g.calm = calm
	}
	if _, err := rand.Read(g.key[:]); err != nil {
		panic(err) // crypto/rand never fails on a supported system
	}
	return g
}

// roll forgets the minutes that are too long ago.
func (g *gate) roll(now time.Time) {
	at := now.Unix() / 60
	for m := max(g.at+1, at-window+1); m <= at; m++ {
		g.came[m%window] = 0
	}
	g.at = max(g.at, at)
}

// took counts a report.
func (g *gate) took(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.roll(now)
	g.came[g.at%window]++
}

// degree is what is asked of a report now: 0 for nothing.
func (g *gate) degree(now time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.roll(now)
	n := 0
	for _, c := range g.came {
		n += c
	}
	return min(bits.Len(uint(n/g.calm)), len(degrees)-1)
}

// pass is what a form has to bring along with a proof, or after a while.
type pass struct {
	Text string
	Salt string        // what each try is salted with, before the number of the proof
	Bits uint          // that a proof begins with, all zero
	Wait time.Duration // until it is honoured without one
}

func (g *gate) sign(token string, degree int, at time.Time) string {
	text := fmt.Sprintf("%d.%d", degree, at.Unix())
	m := hmac.New(sha256.New, g.key[:])
	m.Write([]byte(workInfo + "\n" + token + "\n" + text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// read is the degree and the time of a pass that was signed for a token; degree 0 is none.
func (g *gate) read(token, signed string, now time.Time) (degree int, at time.Time) {
	d, rest, _ := strings.Cut(signed, ".")
	t, _, _ := strings.Cut(rest, ".")
	degree, err := strconv.Atoi(d)
	unix, err2 := strconv.ParseInt(t, 10, 64)
	if err != nil || err2 != nil || degree < 1 || degree >= len(degrees) {
		return 0, at
	}
	at = time.Unix(unix, 0)
	if now.Sub(at) > passAge || !hmac.Equal([]byte(g.sign(token, degree, at)), []byte(signed)) {
		return 0, at
	}
	return degree, at
}

// seconds are how long is still to be waited, in whole ones.
func (p *pass) seconds() string { return strconv.Itoa(int((p.Wait + time.Second - 1) / time.Second)) }

// offer is the pass that goes out with a form: the one it has if that still does, nil while nothing is asked.
func (g *gate) offer(token, has string, now time.Time) *pass {
	need := g.degree(now)
	if need == 0 {
		return nil
	}
	degree, at := g.read(token, has, now)
	if degree < need-1 || degree == 0 {
		degree, at = need, now
		has = g.sign(token, degree, at)
	}
	return &pass{Text: has, Salt: workInfo + " " + token + " ", Bits: degrees[degree].bits, Wait: max(0, at.Add(degrees[degree].wait).Sub(now))}
}

// lets says whether a form is taken in now, with the pass and the proof it brings.
func (g *gate) lets(token, signed, proof string, now time.Time) bool {
	need := g.degree(now)
	if need == 0 {
		return true
	}
	degree, at := g.read(token, signed, now)
	if degree == 0 || degree < need-1 { // the load may have grown by one degree while the form was filled in
		return false
	}
	return now.Sub(at) >= degrees[degree].wait || proven(token, proof, degrees[degree].bits)
}

// proven says whether a proof is one.
func proven(token, proof string, bits uint) bool {
	words := strings.Fields(proof)
	if len(words) != parts {
		return false
	}
	for i, w := range words {
		if len(w) > 10 || !works(token, w, i, bits) {
			return false
		}
	}
	return true
}

// works is one try: whether a word is the proof of a number for a form's token.
func works(token, word string, number int, bits uint) bool {
	k, err := scrypt.Key([]byte(word), []byte(workInfo+" "+token+" "+strconv.Itoa(number)), 1024, 1, 1, 32)
	return err == nil && k[0]>>(8-bits) == 0
}
