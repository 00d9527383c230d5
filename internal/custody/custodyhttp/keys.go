// Package custodyhttp shows the organ's key to its custodians, and the files kept with a matter.
//
// Invariants: a passphrase is read from the request and handed on, never kept, logged, shown again or made part of a
// stored digest (its forms carry no idempotency key for that reason).
//
// Start at Pages.Routes.
package custodyhttp

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/seal"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Custody *custody.Keeper
	Engine  *flow.Engine
	// Alike counts, of letters, how many others are known to be like each; nil: nothing is compared.
	Alike func(c *web.Ctx, organ id.ID, letters []id.ID) (map[id.ID]int, error)
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/keys", Perm: access.KeyHold, Do: p.keys},
		{Method: http.MethodPost, Path: "/keys/unlock", Perm: access.KeyHold, Do: p.unlock},
		{Method: http.MethodPost, Path: "/keys/lock", Perm: access.KeyHold, Do: p.lock},
		{Method: http.MethodPost, Path: "/keys/new", Perm: access.KeyHold, Do: p.make},
		{Method: http.MethodGet, Path: "/keys/file", Perm: access.KeyHold, Do: p.file},
		{Method: http.MethodGet, Path: "/keys/sheet/{for}", Perm: access.KeyHold, Do: p.sheet},
	}
}

type keysView struct {
	Frame   ui.Frame
	Title   string
	State   custody.State
	Word    string
	Note    string
	Wrong   string
	Bad     []ui.FieldView
	Unlock  ui.FieldView
	File    fileView // beside Unlock
	New     []ui.FieldView
	NewFile fileView // beside New
	Facts   []fact
	Uses    []ui.LogView
	Waits   []ui.DutyView // letters to be opened
	WaitsN  string
	Soon    string // how many of them are about to rise
	Left    string // who knows the passphrase and has left
	Open    bool   // the folded part has something wrong in it
}

// fileView is where a key file is chosen.
type fileView struct {
	ID, Name, Label, Help, Error string
	Must                         bool
}

type fact struct{ Label, Text string }

func (p *Pages) keys(c *web.Ctx) error { return p.renderKeys(c, "", nil) }

// renderKeys shows the page; form says which of its forms was sent back, with what was wrong.
func (p *Pages) renderKeys(c *web.Ctx, form string, problem error) error {
	s, err := p.Custody.Look(c.Context(), c.Who)
	if err != nil {
		return err
	}
	title := c.T("organkey.page", s.Organ.Commission())
	v := keysView{Frame: c.Frame(title), Title: title, State: s}
	minutes := strconv.Itoa(int(s.Idle / time.Minute))
	switch {
	case !s.Has:
		v.Word, v.Note = c.T("organkey.none"), c.T("organkey.none.note")
	case s.Unlocked && s.Idle <= 0:
		v.Word, v.Note = c.T("organkey.unlocked"), c.T("organkey.unlocked.stays")
	case s.Unlocked:
		v.Word, v.Note = c.T("organkey.unlocked"), c.T("organkey.unlocked.note", minutes)
	default:
		v.Word, v.Note = c.T("organkey.locked"), c.T("organkey.locked.note")
	}
	texts := web.Texts(c.Lang, problem)
	secret := func(id, name, label, help, auto string) ui.FieldView {
		return ui.FieldView{Lang: c.Lang, ID: id, Name: name, Kind: "password", Label: c.T(label), Help: help, Must: true, Auto: auto}
	}
	v.Unlock = secret("f-passphrase", "passphrase", "organkey.passphrase", c.T("organkey.passphrase.help"), "current-password")
	v.New = []ui.FieldView{secret("f-passphrase_new", "passphrase_new", "organkey.new", c.T("organkey.new.help"), "new-password"), secret("f-passphrase_twice", "passphrase_twice", "organkey.repeat", "", "new-password")}
	v.File = fileView{ID: "f-key_file", Name: "key_file", Label: c.T("organkey.file"), Help: c.T("organkey.file.help"), Must: true}
	v.NewFile = fileView{ID: "f-key_file_new", Name: "key_file_new", Label: c.T("organkey.file.new"), Help: c.T("organkey.file.new.help")}
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
		if form == "new" {
			v.Open = true
			v.New[0].Error, v.New[1].Error = texts["passphrase"], texts["passphrase_twice"]
			v.NewFile.Error = texts["file"]
			v.Bad = v.New
		} else {
			v.Unlock.Error = texts["passphrase"]
			v.File.Error = texts["file"]
			v.Bad = []ui.FieldView{v.Unlock}
		}
	}
	v.Facts = keyFacts(c, s, minutes)
	for _, u := range s.Uses {
		v.Uses = append(v.Uses, ui.LogView{Day: ui.DayIn(c.Lang, u.At.Date(), c.Today), Small: ui.Weekday(c.Lang, u.At.Date()) + " " + ui.Clock(u.At), Title: c.T("action." + u.Action), By: u.Name, Key: u.Action == "key.make"})
	}
	if err := p.waits(c, s, &v); err != nil {
		return err
	}
	if len(s.Left) > 0 {
		v.Left = c.T("organkey.left", strings.Join(s.Left, c.T("list.comma")))
	}
	status := http.StatusOK
	if problem != nil {
		status = web.Status(problem)
	}
	return c.Render(status, keysPage(v))
}

// waits lists the letters that wait to be opened, and counts those that are about to rise.
func (p *Pages) waits(c *web.Ctx, s custody.State, v *keysView) error {
	near := 0
	var alike map[id.ID]int
	if p.Alike != nil && s.Unlocked && len(s.Waiting) > 0 {
		ls := make([]id.ID, len(s.Waiting))
		for i, l := range s.Waiting {
			ls[i] = l.ID
		}
		var err error
		if alike, err = p.Alike(c, s.Organ.ID, ls); err != nil {
			return err
		}
	}
	for _, l := range s.Waiting {
		d := ui.DutyView{ID: l.ID.String(), What: c.T("organkey.waits.letter", l.No), Href: "/letters/" + l.ID.String(), Button: c.T("organkey.waits.open"), Late: l.Due < c.Today}
		d.Word, d.Beside = ui.Near(c.Lang, l.Due, c.Today)
		d.Of = ui.Segments{{Text: c.T("organkey.waits.received", ui.DayIn(c.Lang, l.Received, c.Today))}}
		switch {
		case l.Risen:
			d.Of = append(d.Of, ui.Segment{Text: c.T("organkey.waits.risen")})
		case d.Late && !s.Above.ID.Zero():
			d.Of = append(d.Of, ui.Segment{Text: c.T("organkey.waits.gone", s.Above.Commission())})
		case l.Due.Sub(c.Today) <= flow.SoonDays:
			near++
		}
		if n := alike[l.ID]; n > 0 {
			d.Of = append(d.Of, ui.Segment{Text: c.T("likeness.with", strconv.Itoa(n)), Href: "/m/" + l.ID.String()})
		}
		v.Waits = append(v.Waits, d)
	}
	v.WaitsN = strconv.Itoa(len(s.Waiting))
	if near > 0 && !s.Above.ID.Zero() {
		v.Soon = c.T("organkey.waits.soon", strconv.Itoa(near), s.Above.Commission())
	}
	return nil
}

func keyFacts(c *web.Ctx, s custody.State, minutes string) []fact {
	holders := strings.Join(s.Holders, c.T("list.comma"))
	if holders == "" {
		holders = c.T("organkey.holders.none")
	}
	out := []fact{{c.T("organkey.holders"), holders}}
	if s.Has {
		idle := c.T("organkey.idle.n", minutes)
		if s.Idle <= 0 {
			idle = c.T("organkey.idle.never")
		}
		out = append(out, fact{c.T("organkey.made"), ui.LongDay(c.Lang, s.Made)}, fact{c.T("organkey.suite"), c.T("organkey.suite." + s.Suite)}, fact{c.T("organkey.idle"), idle})
		opens := "organkey.opens.passphrase"
		if s.File {
			opens = "organkey.opens.file"
		}
		out = append(out, fact{c.T("organkey.opens"), c.T(opens)})
		if s.Earlier > 0 {
			out = append(out, fact{c.T("organkey.earlier"), c.T("organkey.earlier.n", strconv.Itoa(s.Earlier))})
		}
	}
	second := c.T("organkey.second.top")
	if !s.Above.ID.Zero() {
		second = c.T("organkey.second.none", s.Above.Commission())
		if s.AboveHas {
			second = c.T("organkey.second.have", s.Above.Commission(), s.Organ.Code)
		}
	}
	return append(out, fact{c.T("organkey.second"), second})
}

func (p *Pages) organ(c *web.Ctx) (access.Unit, error) {
	return access.GetUnit(c.Context(), c.Home(), c.Who.Unit().Organ)
}

func (p *Pages) unlock(c *web.Ctx) error {
	f, err := readSecrets(c)
	if err != nil {
		return err
	}
	organ, err := p.organ(c)
	if err != nil {
		return err
	}
	if err := p.Custody.Unlock(c.Context(), c.Who, organ, f.secret("passphrase", "key_file")); err != nil {
		if fault.KindOf(err) == fault.Invalid {
			return p.renderKeys(c, "unlock", err)
		}
		return err
	}
	return c.Redirect("/keys?done=key_unlocked")
}

func (p *Pages) lock(c *web.Ctx) error {
	organ, err := p.organ(c)
	if err != nil {
		return err
	}
	if err := p.Custody.Lock(c.Context(), c.Who, organ); err != nil {
		return err
	}
	return c.Redirect("/keys?done=key_locked")
}

func (p *Pages) make(c *web.Ctx) error {
	f, err := readSecrets(c)
	if err != nil {
		return err
	}
	organ, err := p.organ(c)
	if err != nil {
		return err
	}
	if f["passphrase_new"] != f["passphrase_twice"] {
		return p.renderKeys(c, "new", fault.InvalidField("passphrase_twice", "key.differ"))
	}
	if err := p.Custody.MakeKey(c.Context(), c.Who, organ, f.secret("passphrase_new", "key_file_new")); err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			return p.renderKeys(c, "new", err)
		}
		return err
	}
	return c.Redirect("/keys?done=key_made")
}

// file hands out a new key file. It is known to whoever keeps it, and to nobody here.
func (p *Pages) file(c *web.Ctx) error {
	b := seal.NewFile()
	return c.Attach("qianshao-key-file.txt", "text/plain; charset=utf-8", int64(len(b)), bytes.NewReader(b))
}

// secrets are the parts of a form with a passphrase, and perhaps a file, by name.
type secrets map[string]string

func (s secrets) secret(passphrase, file string) seal.Secret {
	out := seal.Secret{Passphrase: s[passphrase]}
	if s[file] != "" {
		out.File = []byte(s[file])
	}
	return out
}

// readSecrets reads a form into memory alone: what reads uploads as a rule puts them into files.
func readSecrets(c *web.Ctx) (secrets, error) {
	out := secrets{}
	if !strings.HasPrefix(c.R.Header.Get("Content-Type"), "multipart/form-data") {
		f, err := c.Form()
		for name := range f {
			out[name] = f.Get(name)
		}
		return out, err
	}
	parts, err := c.R.MultipartReader()
	if err != nil {
		return nil, fault.New(fault.BadRequest, "request.malformed").Because(err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, unread(err)
		}
		b, err := io.ReadAll(io.LimitReader(part, seal.MostFile+1)) // one more: refused as too large where it is used
		if err != nil {
			return nil, unread(err)
		}
		out[part.FormName()] = string(b)
	}
}
