package proof

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// Action is the act that takes a letter in: what a proof is of.
const Action = "letter.take"

// Ask is what there is to check. All but Proof may be empty: then that is not looked at.
type Ask struct {
	Proof     string
	Note      string           // signed, as it came with the receipt
	Receipt   envelope.Receipt // the reporter's own
	Letter    []byte           // its bytes as they were sealed: only with the receipt
	Publics   []string         // keys that the reader trusts: the deployment's, in base64, or a note's verifier key (C2SP)
	Witnesses []string         // witnesses that must have signed, as C2SP writes their keys
}

// State is what came of looking at one thing.
type State string

// The states of a line.
const (
	Holds State = "holds"
	Fails State = "fails"
	Open  State = "open"
)

// Line is one thing that was looked at. Its text is proof.<Code> of package locale.
type Line struct {
	State State    `json:"state"`
	Code  string   `json:"code"`
	Args  []string `json:"args,omitempty"`
}

type lines []Line

func (l *lines) add(s State, code string, args ...string) { *l = append(*l, Line{s, code, args}) }

// Good says whether nothing fails.
func Good(ls []Line) bool {
	return !slices.ContainsFunc(ls, func(l Line) bool { return l.State == Fails })
}

// Check looks at everything, in the order in which a reader understands it. It stops at what makes the rest worthless.
func Check(a Ask) []Line {
	var out lines
	p, err := checkpoint.ParseProof(a.Proof)
	if err != nil {
		out.add(Fails, "form")
		return out
	}
	var pinned []string
	for _, k := range a.Publics {
		if raw(k) {
			pinned = append(pinned, k)
		} else if _, err := note.NewVerifier(k); err != nil {
			out.add(Fails, "key.form", k)
			return out
		}
	}
	if len(pinned) > 0 && !slices.Contains(pinned, p.Public) {
		out.add(Fails, "key.other", p.Public)
		return out
	}
	c, err := p.Check(p.Public)
	switch {
	case errors.Is(err, checkpoint.ErrAbsent):
		out.add(Fails, "absent")
		return out
	case err != nil:
		out.add(Fails, "signature")
		return out
	case len(pinned) > 0:
		out.add(Holds, "key.pinned", p.Public)
	default:
		out.add(Open, "key.own", p.Public)
	}
	log := c.Origin[strings.LastIndex(c.Origin, "/")+1:]
	out.add(Holds, "included", log, strconv.FormatInt(p.Index, 10), strconv.FormatInt(c.Size, 10))
	out.witnesses(a, p, c)
	t, ok := read(p.Body)
	if !ok {
		out.add(Fails, "act")
		return out
	}
	out.add(Holds, "received", string(t.Day), string(t.entered), t.To.String())
	if t.Due.Valid() {
		out.add(Holds, "due", string(t.Due))
	} else {
		out.add(Open, "due.none")
	}
	out.note(a, p, t.Note)
	out.receipt(a, t.Note)
	return out
}

// raw says whether a key is a bare public key; the others are verifier keys, with a name in front.
func raw(key string) bool {
	_, err := seal.VerifierKey("x", key)
	return err == nil
}

// witnesses says who else has signed the checkpoint: those that the reader named, and those that the proof names itself.
func (out *lines) witnesses(a Ask, p checkpoint.Proof, c checkpoint.Checkpoint) {
	for _, key := range a.Witnesses {
		w, err := checkpoint.ParseWitness(key)
		if err != nil {
			out.add(Fails, "witness.key", key)
			continue
		}
		if at, _, err := w.Countersigned(c, p.Note); err != nil {
			out.add(Fails, "witness.missing", w.Name)
		} else {
			out.add(Holds, "witness.pinned", w.Name, at.In(calendar.Zone).Format("2006-01-02 15:04"))
		}
	}
	for _, key := range p.Witnesses {
		if slices.Contains(a.Witnesses, key) {
			continue
		}
		w, err := checkpoint.ParseWitness(key)
		if err != nil {
			continue // ParseProof has read it
		}
		if at, _, err := w.Countersigned(c, p.Note); err != nil {
			out.add(Fails, "witness.bad", w.Name)
		} else {
			out.add(Open, "witness.own", w.Name, at.In(calendar.Zone).Format("2006-01-02 15:04"), key)
		}
	}
	if len(a.Witnesses)+len(p.Witnesses) == 0 {
		out.add(Open, "witness.none")
	}
}

// taken is what the act says.
type taken struct {
	envelope.Note
	entered calendar.Date
}

// read reads the act's body. Names count letter by letter, as they do to every other reader of JSON.
func read(body []byte) (t taken, ok bool) {
	var act, params map[string]json.RawMessage
	if json.Unmarshal(body, &act) != nil || json.Unmarshal(act["params"], &params) != nil {
		return t, false
	}
	text := func(of map[string]json.RawMessage, name string) (s string) {
		if json.Unmarshal(of[name], &s) != nil {
			return ""
		}
		return s
	}
	var at int64
	if json.Unmarshal(act["at"], &at) != nil || text(act, "action") != Action {
		return t, false
	}
	to, err := id.Parse(text(params, "to"))
	n := envelope.Note{Name: text(params, "name"), Commit: text(params, "commit"), Day: calendar.Date(text(params, "day")), To: to, Due: calendar.Date(text(params, "due"))}
	if _, bad := envelope.ParseNote(n.Text()); bad != nil || err != nil {
		return t, false
	}
	return taken{n, calendar.Instant(at).Date()}, true
}

// note holds the act against what was signed the moment the letter was handed in.
func (out *lines) note(a Ask, p checkpoint.Proof, act envelope.Note) {
	if a.Note == "" {
		out.add(Open, "note.none")
		return
	}
	signed := strings.TrimSpace(strings.ReplaceAll(strings.TrimPrefix(a.Note, "\ufeff"), "\r\n", "\n")) + "\n"
	text, sigs, _ := strings.Cut(signed, "\n\n")
	n, err := envelope.ParseNote(text + "\n")
	if err != nil {
		out.add(Fails, "note.form")
		return
	}
	keys := a.Publics
	if len(keys) == 0 {
		keys = []string{p.Public}
	}
	switch by(signed, sigs, keys) {
	case Holds:
		out.add(Holds, "note.signed")
	case Fails:
		out.add(Fails, "note.changed")
	default:
		out.add(Open, "note.stranger")
	}
	switch {
	case n.Name != act.Name:
		out.add(Fails, "note.other")
		return
	case n == act:
		out.add(Holds, "note.same")
		return
	}
	for _, x := range []struct{ code, was, is string }{{"note.day", string(n.Day), string(act.Day)}, {"note.due", string(n.Due), string(act.Due)}, {"note.organ", n.To.String(), act.To.String()}} {
		if x.was != x.is {
			out.add(Fails, x.code, x.was, x.is)
		}
	}
	if n.Commit != act.Commit {
		out.add(Fails, "note.text")
	}
}

// by says whether one of the keys signed a note: Open if none of them, or nobody, has.
func by(signed, sigs string, keys []string) State {
	rest, ok := strings.CutPrefix(sigs, "— ")
	name, _, two := strings.Cut(rest, " ")
	if !ok || !two {
		return Open
	}
	for _, k := range keys {
		if raw(k) {
			var err error
			if k, err = seal.VerifierKey(name, k); err != nil {
				continue
			}
		}
		v, err := note.NewVerifier(k)
		if err != nil {
			continue
		}
		_, err = note.Open([]byte(signed), note.VerifierList(v))
		var changed *note.InvalidSignatureError
		switch {
		case err == nil:
			return Holds
		case errors.As(err, &changed):
			return Fails
		}
	}
	return Open
}

// receipt says whether the act is of the reporter's own letter, and over these bytes.
func (out *lines) receipt(a Ask, act envelope.Note) {
	if a.Receipt == "" {
		out.add(Open, "receipt.none")
		return
	}
	s := a.Receipt.Secrets()
	if s.Name != act.Name {
		out.add(Fails, "receipt.other")
		return
	}
	out.add(Holds, "receipt.same")
	switch {
	case a.Letter == nil:
	case s.Commit(a.Letter) == act.Commit:
		out.add(Holds, "letter.same")
	default:
		out.add(Fails, "letter.other")
	}
}
