package portal

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
)

// tipoff is a report as programs hand it in.
type tipoff struct {
	Token   string `json:"token"` // optional: the same again is the same report
	Unit    string `json:"unit"`
	UnitID  string `json:"unit_id"`
	Organ   string `json:"organ"`
	Level   level  `json:"level"`
	Subject struct {
		Name string `json:"name"`
		Post string `json:"post"`
	} `json:"subject"`
	Rank    string `json:"rank"`
	Text    string `json:"text"`
	Only    string `json:"only"`
	When    string `json:"when"`
	Named   bool   `json:"named"`
	Name    string `json:"name"`
	Contact string `json:"contact"`
	Pass    string `json:"pass"`  // of a problem portal.crowded, with the proof
	Proof   string `json:"proof"` // or after the wait that it names
}

// level is one of the levels, by its word or its number.
type level string

// UnmarshalJSON reads "county" and 3 as the same.
func (l *level) UnmarshalJSON(b []byte) error {
	if n, err := strconv.Atoi(string(b)); err == nil {
		if n < 1 || n >= len(levels) {
			n = 0
		}
		*l = level(levels[n])
		return nil
	}
	return json.Unmarshal(b, (*string)(l))
}

type tipoffAnswer struct {
	Receipt string        `json:"receipt"`
	Note    string        `json:"note,omitempty"`
	Day     calendar.Date `json:"day"`
	Organ   string        `json:"organ"`
	Due     calendar.Date `json:"due,omitempty"`
	Owes    string        `json:"owes,omitempty"`
	Rises   string        `json:"rises,omitempty"` // who gets it by itself if nobody acts by then
}

// problem is an RFC 9457 document, with what there is to choose from where that is what is missing.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Code   string         `json:"code"`
	Fields []problemField `json:"errors,omitempty"`
	Units  []unitChoice   `json:"units,omitempty"`
	Organs []organChoice  `json:"organs,omitempty"`
	Work   *work          `json:"work,omitempty"`
}

// work is what a report has to bring along while many come: the token and the pass, with four words by a blank whose scrypt
// (N 1024, r 1, p 1), salted with salt and the word's number from 0, begins with so many zero bits; or both after the wait.
type work struct {
	Token string `json:"token"`
	Pass  string `json:"pass"`
	Salt  string `json:"salt"`
	Bits  uint   `json:"bits"`
	Wait  int    `json:"wait"` // seconds
}

type problemField struct {
	Name   string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

type unitChoice struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	In   string `json:"in,omitempty"`
}

type organChoice struct {
	ID    id.ID  `json:"id"`
	Name  string `json:"name"`
	Level string `json:"level"`
}

func (c *call) json(code int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.send(code, "application/json; charset=utf-8", b)
}

func (c *call) problem(err error, a *asked) {
	f, ok := fault.As(err)
	if !ok {
		f = fault.New(fault.Internal, "internal")
	}
	p := problem{Type: "about:blank", Title: locale.T(c.lang, "fault."+f.Code, f.Args...), Status: status(f), Code: f.Code}
	for _, x := range f.Fields {
		p.Fields = append(p.Fields, problemField{x.Name, x.Code, locale.T(c.lang, "fault."+x.Code, x.Args...)})
	}
	if a != nil && a.pass != nil {
		p.Work = &work{a.Token, a.pass.Text, a.pass.Salt, a.pass.Bits, int(a.pass.Wait.Seconds() + 1)}
	}
	if a != nil {
		for _, u := range a.units {
			p.Units = append(p.Units, unitChoice(u))
		}
		for _, o := range append(a.organs, a.readers...) {
			p.Organs = append(p.Organs, organChoice{o.ID, o.Name, levels[o.Level]})
		}
	}
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings, numbers and lists of them
	}
	_ = c.send(p.Status, "application/problem+json; charset=utf-8", b) // says nothing but that it was sent
}

// body reads a document that programs send.
func (c *call) body(v any) error {
	d := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, maxFields))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			return fault.New(fault.BadRequest, "portal.broken")
		}
		return nil
	}
	return unread(err)
}

// apiLodge takes a report in from a program: a document, or the form with its files.
func (s *server) apiLodge(c *call) error {
	var f form
	var up *upload
	var err error
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); kind == "application/json" {
		var t tipoff
		if err := c.body(&t); err != nil {
			return err
		}
		f = form{Token: t.Token, Unit: t.Unit, UnitID: t.UnitID, Organ: t.Organ, Post: t.Subject.Post, Subject: t.Subject.Name, Rank: t.Rank, Level: string(t.Level), When: t.When, Text: t.Text, Only: t.Only,
			Named: "no", Name: t.Name, Contact: t.Contact, Pass: t.Pass, Proof: t.Proof}
		if t.Named {
			f.Named = "yes"
		}
		for _, x := range f.fields() {
			*x.value = tidy(*x.value)
		}
	} else if up, err = c.read(f.fields()); err != nil {
		c.drain()
		return err
	}
	if f.Token == "" {
		f.Token = envelope.NewToken()
	}
	if n, err := strconv.Atoi(f.Level); err == nil && n > 0 && n < len(levels) {
		f.Level = levels[n]
	}
	a := s.judge(f)
	err = fault.InvalidFields(a.fields)
	var l lodged
	if err == nil {
		l, err = s.lodge(c.r.Context(), &a, up)
	}
	c.drain()
	if err != nil {
		c.problem(err, &a)
		return nil
	}
	out := tipoffAnswer{Receipt: string(l.Receipt), Note: l.Note, Day: l.Day, Organ: l.Organ, Rises: l.Rises}
	if len(l.Owed) > 0 {
		out.Due, out.Owes = l.Owed[0].By, l.Owed[0].What
	}
	if l.Again {
		return c.json(http.StatusOK, out)
	}
	return c.json(http.StatusCreated, out)
}

type statusAnswer struct {
	Proof  string        `json:"proof,omitempty"` // of the report in its organ's log; verify --proof checks it
	Stage  string        `json:"stage"`
	Text   string        `json:"text"` // the stage in plain words
	Day    calendar.Date `json:"day"`
	Organ  string        `json:"organ"`
	Due    calendar.Date `json:"due,omitempty"`
	Owes   string        `json:"owes,omitempty"`
	Rises  string        `json:"rises,omitempty"`
	Waits  int           `json:"waits,omitempty"` // words of the reporter's that nobody has taken in yet
	Events []eventAnswer `json:"events"`
}

type eventAnswer struct {
	Day  calendar.Date `json:"day"`
	What string        `json:"what"`
	Text string        `json:"text"`
}

// apiStatus tells the holder of a receipt what became of the report.
func (s *server) apiStatus(c *call) error {
	var q struct {
		Receipt string `json:"receipt"`
	}
	if err := c.body(&q); err != nil {
		return err
	}
	st, err := s.told(c.r.Context(), q.Receipt)
	if err != nil {
		return err
	}
	out := statusAnswer{Proof: st.Proof, Stage: st.Stage, Text: c.stage(st.Stage), Day: st.Day, Organ: st.Organ, Due: st.Due, Owes: st.Owes, Rises: st.Rises, Events: []eventAnswer{}}
	waits, err := s.Spool.Said(st.Secrets.Name, maxSaid)
	if err != nil {
		return err
	}
	out.Waits = len(waits)
	for _, e := range st.Events {
		out.Events = append(out.Events, eventAnswer{e.Day, e.What, c.event(e)})
	}
	return c.json(http.StatusOK, out)
}

type sayAnswer struct {
	Day  calendar.Date `json:"day"`
	Kind string        `json:"kind"`
}

// apiSay takes in from a program what a reporter says after the report: a document, or the form with its files.
func (s *server) apiSay(c *call) error {
	var f saying
	var up *upload
	var err error
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); kind == "application/json" {
		var q struct {
			Token   string `json:"token"` // optional: the same again is the same word
			Receipt string `json:"receipt"`
			Kind    string `json:"kind"` // optional: more, objection
			Text    string `json:"text"`
		}
		err = c.body(&q)
		f = saying{q.Token, q.Receipt, q.Kind, tidy(q.Text)}
	} else {
		up, err = c.read(f.fields())
	}
	var h held
	if err == nil {
		h, err = s.told(c.r.Context(), f.Receipt)
	}
	var done said
	if err == nil {
		done, err = s.hear(h, f, up)
	}
	c.drain()
	if err != nil {
		return err
	}
	code := http.StatusCreated
	if done.Again {
		code = http.StatusOK
	}
	return c.json(code, sayAnswer{done.Day, done.Kind})
}
