package portal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// lodged is what somebody goes away with.
type lodged struct {
	Receipt envelope.Receipt
	Day     calendar.Date
	Organ   string
	Owed    []owed
	Rises   string // who gets it by itself, "" where nobody holds a second copy
	Note    string // signed
	Watch   string // who was asked to watch over them, "" for nobody
	Again   bool   // the form was sent before, and what was sent first holds
}

// owed is what a reporter is to be told, and by when.
type owed struct {
	envelope.Term
	By  calendar.Date
	May bool // a notice of holidays still to come may move the day
}

// firstAction is what is owed to every report: past its day the second copy rises.
const firstAction = "first_action"

// post takes a form in. Whatever comes back without a receipt comes back with all that was typed.
func (s *server) post(c *call) error {
	var f form
	up, err := c.read(f.fields())
	if err != nil {
		c.drain()
		return s.again(c, asked{form: f}, up, err)
	}
	f.mend()
	a := s.judge(f)
	if len(a.fields) > 0 {
		c.drain()
		return s.again(c, a, up, nil)
	}
	l, err := s.lodge(c.r.Context(), &a, up)
	c.drain()
	if err != nil {
		return s.again(c, a, up, err)
	}
	return c.page(http.StatusOK, receiptPage(c.view, l))
}

// again shows a form with what is wrong with it.
func (s *server) again(c *call, a asked, up *upload, err error) error {
	code := http.StatusUnprocessableEntity
	if err != nil {
		a.form.mend()
		b := s.ask(a.form)
		b.units, b.organs, b.readers, b.own, b.fields = a.units, a.organs, a.readers, a.own, fault.Fields(err)
		if len(b.fields) == 0 {
			b.busy = err
		}
		a, code = b, status(err)
	}
	a.files = up != nil
	return c.form(code, a)
}

// lodge seals what was judged and brings it to disk: the report is acknowledged when it returns, and not before.
func (s *server) lodge(ctx context.Context, a *asked, up *upload) (lodged, error) {
	receipt, err := envelope.NewReceipt(a.Token)
	if err != nil {
		return lodged{}, fault.InvalidField("token", "portal.token")
	}
	secrets, err := s.secrets(ctx, receipt)
	if err != nil {
		return lodged{}, err
	}
	if l, ok, err := s.known(receipt, secrets); ok || err != nil {
		return l, err
	}
	if !s.gate.lets(a.Token, a.Pass, a.Proof, s.Now()) {
		p := s.gate.offer(a.Token, a.Pass, s.Now())
		if p == nil { // it has just grown calm
			p = new(pass)
		}
		return lodged{}, fault.New(fault.Unavailable, "portal.crowded", p.seconds())
	}
	to := a.d.Address(a.to)
	files, err := s.seal(up, to)
	if err != nil {
		return lodged{}, err
	}
	e, err := envelope.Seal(a.letter(files), secrets, to, s.today())
	if err != nil {
		s.drop(files)
		return lodged{}, err
	}
	if a.watched() { // first: what is acknowledged is all there
		if err := s.plead(secrets, secrets.Asked(1), s.plea(a.form, e), a.Token, a.watcher()); err != nil {
			s.drop(files)
			return lodged{}, err
		}
	}
	fresh, err := s.Spool.Put(e)
	if err != nil {
		return lodged{}, err // it may be on disk: its files stay
	}
	if !fresh { // the same form came twice at once
		s.drop(files)
		l, _, err := s.known(receipt, secrets)
		return l, err
	}
	s.gate.took(s.Now())
	l, err := s.acknowledge(receipt, e)
	if a.watched() {
		l.Watch = a.watcher().Name
	}
	return l, err
}

// acknowledge says what is owed for an envelope that is on disk, and keeps that for whoever comes with its receipt: the
// first status is the portal's own, the work side's begin at 2.
func (s *server) acknowledge(receipt envelope.Receipt, e envelope.Envelope) (lodged, error) {
	l, st := s.first(receipt, e)
	p, err := e.SealStatus(st, 1)
	if err == nil {
		err = s.Spool.Note(p)
	}
	if err == nil {
		l.Note, err = s.sign(e, st.Due)
	}
	return l, err
}

// first is what is told first: it follows from the envelope.
func (s *server) first(receipt envelope.Receipt, e envelope.Envelope) (lodged, envelope.Status) {
	o, _ := s.Directory().Organ(e.To)
	l := lodged{Receipt: receipt, Day: e.Day, Organ: o.Name, Owed: s.owed(e)}
	st := envelope.Status{Day: e.Day, Organ: o.Name, To: e.To, Above: e.Above, Stage: "received", Events: []envelope.Event{{Day: e.Day, What: "received"}}}
	if len(l.Owed) > 0 {
		st.Due, st.Owes = l.Owed[0].By, l.Owed[0].What
	}
	up, ok := s.Directory().Organ(e.Above)
	for _, o := range l.Owed {
		if ok && o.What == firstAction && o.By == st.Due { // the day that is told is the one on which it rises
			l.Rises, st.Rises = up.Name, up.Name
		}
	}
	return l, st
}

// known answers for a form that was sent before: from the envelope while it is here, from what the reporter is told after.
func (s *server) known(receipt envelope.Receipt, secrets envelope.Secrets) (lodged, bool, error) {
	e, ok, err := s.Spool.Envelope(secrets.Name)
	if err != nil {
		return lodged{}, false, err
	}
	if ok {
		l, err := s.acknowledge(receipt, e)
		l.Again = true
		return l, true, err
	}
	p, ok, err := s.Spool.Status(secrets.Name)
	if err != nil || !ok {
		return lodged{}, false, err
	}
	st, err := p.Open(secrets)
	l := lodged{Receipt: receipt, Day: st.Day, Organ: st.Organ, Rises: st.Rises, Again: true}
	if st.Due.Valid() {
		l.Owed = []owed{{Term: envelope.Term{What: st.Owes}, By: st.Due}}
	}
	return l, true, err
}

// owed is what the reporter is told and by when, the nearest first.
func (s *server) owed(e envelope.Envelope) (out []owed) {
	p := s.find.places(s.Directory())
	for _, t := range p.d.Terms {
		if t.What != firstAction && (t.What != "notice" || !e.Named) {
			continue // what is counted from another day than this one
		}
		o := owed{Term: t}
		if o.By, o.May = t.By(e.Day, p.book); !o.By.Valid() {
			continue
		}
		if len(out) > 0 && (o.By < out[0].By || o.By == out[0].By && o.What == "notice") {
			out = append([]owed{o}, out...)
		} else {
			out = append(out, o)
		}
	}
	return out
}

// sign writes the note that goes with a receipt: that a letter was received, bound to its bytes without telling them.
func (s *server) sign(e envelope.Envelope, due calendar.Date) (string, error) {
	text := envelope.Note{Name: e.Name, Commit: e.Commit, Day: e.Day, To: e.To, Due: due}.Text()
	b, err := note.Sign(&note.Note{Text: text}, s.Signer)
	return string(b), err
}

// note gives back as a file what was signed here. Nothing is looked up: it comes from the page that shows the receipt.
func (s *server) note(c *call) error {
	get, err := c.values(maxSmall)
	if err != nil {
		return err
	}
	signed := strings.ReplaceAll(get("note"), "\r\n", "\n")
	text, _, _ := strings.Cut(signed, "\n\n")
	if mine, err := note.Sign(&note.Note{Text: text + "\n"}, s.Signer); err != nil || string(mine) != signed || !envelope.IsNote(text) {
		return fault.New(fault.BadRequest, "portal.broken")
	}
	c.w.Header().Set("Content-Disposition", `attachment; filename="form.txt"`)
	return c.send(http.StatusOK, "text/plain; charset=utf-8", []byte(signed))
}

// seal seals a form's files as they come, each straight to disk. What fails half way leaves nothing.
func (s *server) seal(up *upload, to envelope.Address) (files []envelope.File, err error) {
	if up == nil {
		return nil, nil
	}
	defer func() {
		if err != nil {
			s.drop(files)
		}
	}()
	var keys []string
	for _, k := range to.Keys {
		keys = append(keys, k.Public)
	}
	left := int64(maxTotal)
	for part := up.first; ; {
		name := part.FileName()
		switch {
		case part.FormName() != "files":
			return files, fault.New(fault.BadRequest, "portal.order")
		case name == "":
			// Nothing was chosen.
		case len(files) == envelope.MaxFiles:
			return files, fault.InvalidField("files", "portal.files")
		default:
			f, err := s.sealFile(part, keys, left)
			if err != nil {
				return files, err
			}
			f.Name = plain(name)
			files, left = append(files, f), left-f.Size
		}
		if part, err = up.parts.NextPart(); errors.Is(err, io.EOF) {
			return files, nil
		} else if err != nil {
			return files, unread(err)
		}
	}
}

// drop removes files that nobody came to need.
func (s *server) drop(files []envelope.File) {
	for _, f := range files {
		s.Spool.Drop(f.Ref)
	}
}

func (s *server) sealFile(content io.Reader, keys []string, most int64) (f envelope.File, err error) {
	w, err := s.Spool.Create()
	if err != nil {
		return f, err
	}
	defer w.Discard()
	sealed, err := seal.Writer(w, keys...)
	if err != nil {
		return f, err
	}
	h := sha256.New()
	f.Size, err = io.Copy(io.MultiWriter(sealed, h), io.LimitReader(content, most+1))
	switch {
	case err != nil && fault.KindOf(err) == fault.Unavailable: // the disk, and not whoever sends
		return f, err
	case err != nil:
		return f, unread(err)
	case f.Size > most:
		return f, &fault.Error{Kind: fault.TooLarge, Code: "invalid", Fields: []fault.Field{{Name: "files", Code: "portal.size"}}}
	}
	if _, err := io.CopyN(sealed, zeros{}, seal.Padded(f.Size)-f.Size); err != nil {
		return f, err
	}
	if err := sealed.Close(); err != nil {
		return f, err
	}
	f.Ref, _, err = w.Commit()
	f.Hash = hex.EncodeToString(h.Sum(nil))
	return f, err
}

// zeros stand behind a file's content, so that its length says little; the letter holds where it ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
