package courier

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"qianshao/internal/fault"
	"qianshao/internal/platform/spool"
)

const (
	stateName = "courier/state"
	toldName  = "courier/told"
	sentDir   = "sent" // within courier/
)

// reached is how far one direction has come: a bundle's number and its digest.
type reached struct {
	N      int64  `json:"n"`
	Digest string `json:"digest,omitempty"`
}

// state is what a side remembers of both directions.
type state struct {
	Sent     reached `json:"sent"`     // the newest bundle made here
	Received reached `json:"received"` // the newest taken in from the other side
	Acked    int64   `json:"acked"`    // the newest of ours that the other side has taken in
	Again    int64   `json:"again"`    // from this bundle of ours on the other side is asked to send everything again; 0: it is not
	Heard    int64   `json:"heard"`    // when that came, or the two were paired; Unix seconds
}

// Standing is how far both directions have come, seen from one side.
type Standing struct {
	Side           Side
	Sent, Acked    int64     // the newest bundle made here, and the newest that the other side has
	Received       int64     // the newest of the other side's
	Heard          time.Time // when that came, or, before any did, when the two were paired
	spool.Standing           // what waits here
}

// Stands looks; ok is false where nobody carries: the side is not paired.
func Stands(s *spool.Spool) (x Standing, ok bool, err error) {
	if x.Standing, err = s.Stands(); err != nil {
		return x, false, err
	}
	o, ok, err := loadOwn(s)
	if err != nil || !ok {
		return x, false, err
	}
	x.Side = o.side
	if _, ok, err = s.Kept(peerName); err != nil || !ok {
		return x, false, err
	}
	st, err := loadState(s)
	x.Sent, x.Acked, x.Received, x.Heard = st.Sent.N, st.Acked, st.Received.N, time.Unix(st.Heard, 0)
	return x, err == nil, err
}

func loadState(s *spool.Spool) (st state, err error) {
	b, ok, err := s.Kept(stateName)
	if err != nil || !ok {
		return st, err
	}
	if err := json.Unmarshal(b, &st); err != nil {
		return st, fault.New(fault.Invalid, "courier.key", stateName).Because(err)
	}
	return st, nil
}

func (st state) save(s *spool.Spool) error {
	b, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return s.Keep(stateName, append(b, '\n'))
}

// told is what the public side has of what it is told: the number of each report's answer, and the digest of the directory.
// A list of what one bundle carried is written in the same way, with the words in it.
type told struct {
	answers   map[string]int64
	directory string
	words     []string
}

const (
	directoryLine = "directory"
	wordLine      = "word"
)

func (t told) bytes() []byte {
	var b bytes.Buffer
	names := make([]string, 0, len(t.answers))
	for n := range t.answers {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintf(&b, "%s %d\n", n, t.answers[n])
	}
	if t.directory != "" {
		fmt.Fprintf(&b, "%s %s\n", directoryLine, t.directory)
	}
	for _, w := range t.words {
		fmt.Fprintf(&b, "%s %s\n", wordLine, w)
	}
	return b.Bytes()
}

// merge adds what a file of told says; a higher number stands.
func (t *told) merge(b []byte) error {
	if t.answers == nil {
		t.answers = map[string]int64{}
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		name, what, ok := strings.Cut(lines.Text(), " ")
		if ok && name == directoryLine {
			t.directory = what
			continue
		}
		if ok && name == wordLine {
			t.words = append(t.words, what)
			continue
		}
		n, err := strconv.ParseInt(what, 10, 64)
		if !ok || err != nil {
			return fault.New(fault.Invalid, "courier.key", toldName)
		}
		t.answers[name] = max(t.answers[name], n)
	}
	return lines.Err()
}

func loadTold(s *spool.Spool) (t told, err error) {
	b, _, err := s.Kept(toldName)
	if err != nil {
		return t, err
	}
	return t, t.merge(b)
}

func sentName(n int64) string { return "courier/" + sentDir + "/" + strconv.FormatInt(n, 10) }

// acknowledged takes up how far the other side says that our bundles have come. Done twice it is as if it were done once.
func (c *Courier) acknowledged(st *state, h head) (setBack bool, err error) {
	switch {
	case h.got.N > st.Sent.N || h.got.N == st.Sent.N && h.got.N > 0 && h.got.Digest != st.Sent.Digest:
		// It has bundles that nobody here remembers having made: this side was put back to an earlier state.
		st.Sent, st.Acked, setBack = h.got, h.got.N, true
		st.Again = st.Sent.N + 1
	case h.got.N < st.Acked: // the other side was
		st.Acked = h.got.N
		err = c.spool.Keep(toldName, nil)
	case h.got.N > st.Acked:
		st.Acked = h.got.N
		err = c.arrived(h.got.N)
	}
	if err == nil && h.again {
		err = c.spool.Keep(toldName, nil)
	}
	if st.Again > 0 && !setBack && h.got.N >= st.Again {
		st.Again = 0
	}
	return setBack, err
}

// arrived takes up what a bundle of ours carried, now that the other side has it.
func (c *Courier) arrived(n int64) error {
	b, ok, err := c.spool.Kept(sentName(n))
	if err != nil || !ok {
		return err
	}
	if c.own.side == Work {
		t, err := loadTold(c.spool)
		if err == nil {
			err = t.merge(b)
		}
		if err != nil {
			return err
		}
		return c.spool.Keep(toldName, t.bytes())
	}
	var t told
	if err := t.merge(b); err != nil {
		return err
	}
	for _, name := range t.words {
		w, ok, err := c.spool.Word(name)
		if err == nil && ok {
			err = c.spool.Heard(w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// forget removes the lists of bundles that are acknowledged.
func (c *Courier) forget(upTo int64) error {
	r, err := c.spool.Side("courier/" + sentDir)
	if err != nil {
		return err
	}
	defer r.Close()
	d, err := r.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if n, err := strconv.ParseInt(name, 10, 64); err != nil || n <= upTo {
			if err := c.step("remove " + name); err != nil {
				return err
			}
			if err := r.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}
