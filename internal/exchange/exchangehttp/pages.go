// Package exchangehttp is the page on which tables come in and go out: choose a kind, upload, see row by row what it
// would do, confirm.
//
// The words: a pending import is the file a person uploaded last, kept as their draft until they confirm it, take it
// back or upload another. What is confirmed is exactly what was shown: if the rows would do something else by then, the
// report says so and nothing is hidden. A begun import is one that was confirmed and has not come to its end: the first
// page says how far it came, and offers the rest. A run is one that this process has under way: after two seconds whoever
// waits for it sees how far it is, and it goes on whether anybody looks or not.
//
// Start at Pages.Routes.
package exchangehttp

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/sheet"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Exchange *exchange.Service
	runs     runs
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/import", Perm: access.ImportRows, Do: p.start},
		{Method: http.MethodPost, Path: "/import", Perm: access.ImportRows, Do: p.upload},
		{Method: http.MethodGet, Path: "/import/rest", Perm: access.ImportRows, Do: p.rest},
		{Method: http.MethodGet, Path: "/import/running", Perm: access.ImportRows, Do: p.running},
		{Method: http.MethodPost, Path: "/import/confirm", Perm: access.ImportRows, Do: p.confirm},
		{Method: http.MethodPost, Path: "/import/drop", Perm: access.ImportRows, Do: p.drop},
		{Method: http.MethodGet, Path: "/import/reasons", Perm: access.ImportRows, Do: p.reasons},
		{Method: http.MethodGet, Path: "/import/template", Perm: access.ImportRows, Do: p.template},
		{Method: http.MethodGet, Path: "/export", Perm: access.OrgRead, Do: p.export},
	}
}

// maxPending bounds a file that is uploaded on a page; larger ones are imported from the host's command line.
const maxPending = 16 << 20

type startView struct {
	Frame   ui.Frame
	Kinds   []kindView
	Kind    string
	On      string
	Today   string
	Wrong   string
	Field   string
	Portion string
	Begun   string // how far an import came that has not ended; "" if there is none
	Under   bool   // it is under way
}

type kindView struct {
	Code, Name, What           string
	Template, Workbook, Commas string
	Import                     bool
}

func (p *Pages) start(c *web.Ctx) error {
	return p.renderStart(c, http.StatusOK, c.R.URL.Query().Get("kind"), string(c.Today), nil)
}

func (p *Pages) renderStart(c *web.Ctx, status int, kind, on string, problem error) error {
	v := startView{Frame: c.Frame(c.T("import.title")), Kind: kind, On: on, Today: string(c.Today), Portion: strconv.Itoa(exchange.Portion)}
	for _, k := range exchange.Kinds {
		may, out := p.Exchange.MayImport(c.Who, k), p.Exchange.MayExport(c.Who, k)
		if !may && !out {
			continue
		}
		x := kindView{Code: k, Name: c.T("sheet.kind." + k), What: c.T("sheet.kind." + k + ".what"), Import: may}
		if out {
			x.Workbook, x.Commas = "/export?format=xlsx&kind="+k, "/export?format=csv&kind="+k
		}
		if may && k != "holidays" {
			x.Template = "/import/template?kind=" + k
		}
		v.Kinds = append(v.Kinds, x)
	}
	if problem != nil {
		pr := web.ProblemOf(c.Lang, problem)
		v.Wrong = pr.Title
		for _, f := range pr.Fields {
			v.Wrong, v.Field = f.Detail, f.Name
		}
	}
	if r := p.runs.of(c); r != nil { // under way, or ended and not looked at yet
		v.Under, v.Begun = true, c.T("import.under", r.x.Name)
		return c.Render(status, startPage(v))
	}
	var err error
	if v.Begun, err = p.begunLine(c); err != nil {
		return err
	}
	return c.Render(status, startPage(v))
}

// upload takes a file in and shows what its rows would do. Nothing is written but the draft.
func (p *Pages) upload(c *web.Ctx) error {
	// Held in memory whole: a table of reports is written nowhere before it is a draft.
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, maxPending+1<<20)
	if err := c.R.ParseMultipartForm(maxPending + 1<<20); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return p.renderStart(c, http.StatusRequestEntityTooLarge, c.R.FormValue("kind"), "", fault.InvalidField("file", "sheet.large", strconv.Itoa(maxPending>>20)))
		}
		return fault.New(fault.BadRequest, "request.malformed").Because(err)
	}
	x := pending{Kind: c.R.FormValue("kind"), On: calendar.Date(c.R.FormValue("on"))}
	again := func(err error) error {
		if k := fault.KindOf(err); k == fault.Internal || k == fault.Unavailable || k == fault.Forbidden {
			return err
		}
		return p.renderStart(c, web.Status(err), x.Kind, string(x.On), err)
	}
	if !exchange.Known(x.Kind) {
		return again(fault.InvalidField("kind", "import.kind"))
	}
	f, head, err := c.R.FormFile("file")
	if err != nil {
		return again(fault.InvalidField("file", "import.file"))
	}
	defer f.Close()
	if head.Size > maxPending {
		return again(fault.InvalidField("file", "sheet.large", strconv.Itoa(maxPending>>20)))
	}
	x.Name = head.Filename
	b, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	x.hold(b)
	return p.do(c, &run{x: x, fresh: true}, b)
}

// rest shows what is left of an import that was begun.
func (p *Pages) rest(c *web.Ctx) error {
	x, b, err := kept(c)
	if err != nil {
		return err
	}
	return p.do(c, &run{x: x}, b)
}

// confirm writes what was shown. Once begun it goes on although whoever sent it has gone.
func (p *Pages) confirm(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	x, b, err := kept(c)
	if err != nil {
		return err
	}
	if f.Get("sum") != x.Sum { // another tab has sent another since
		return fault.New(fault.Conflict, "import.other")
	}
	return p.do(c, &run{x: x, write: true}, b)
}

func (p *Pages) drop(c *web.Ctx) error {
	if r := p.runs.of(c); r != nil && (r.under() || r.write) {
		return c.Redirect("/import/running")
	}
	written, err := get(c, begunName, &begun{})
	if err != nil {
		return err
	}
	if err := forget(c.Context(), c.Mux.DB, c.Who); err != nil {
		return err
	}
	if written {
		return c.Redirect("/import?done=import_rest_dropped")
	}
	return c.Redirect("/import?done=import_dropped")
}

type reportView struct {
	Frame  ui.Frame
	Title  string
	Line   string
	Say    string
	Done   bool
	Ready  bool // right, and it would change something
	Wrong  bool
	Counts []countView
	Heads  []headView
	Rows   []lineView
	More   bool
	Key    string
	Sum    string // of the file that is confirmed
}

// runningView is how far an import is.
type runningView struct {
	Frame     ui.Frame
	Title     string
	Line, Say string
	Rows, Of  string // Of is "" where nobody knows how many there are
	Writing   bool
}

type countView struct {
	Name, N string
	Late    bool
}

// headView is how a sheet's columns were understood: in words, as they are read before anything is confirmed.
type headView struct{ Sheet, Known, Left string }

type lineView struct {
	At, What, Name string
	Wrong          bool
	Changes        []changeView
	Problems       []string
}

type changeView struct{ Column, From, To string }

func (p *Pages) renderReport(c *web.Ctx, status int, x pending, rep exchange.Report) error {
	wrong := rep.Counts[exchange.Wrong]
	v := reportView{Frame: c.Frame(c.T("import.title")), Title: c.T("sheet.kind." + rep.Kind), Line: c.T("import.line", x.Name, strconv.Itoa(rep.Rows)), Done: rep.Done, Wrong: wrong > 0,
		Ready: !rep.Done && rep.Clean() && rep.Changes(), More: rep.More, Key: web.NewKey(), Sum: x.Sum}
	switch {
	case rep.Written > 0 && !rep.Done:
		v.Say = c.T("import.stopped", strconv.Itoa(rep.Written))
	case wrong > 0:
		v.Say = c.T("import.wrong", strconv.Itoa(wrong))
	case rep.Done && rep.Changes():
		v.Say = c.T("import.done")
	case !rep.Changes():
		v.Say = c.T("import.nothing")
	default:
		v.Say = c.T("import.ready")
	}
	for _, what := range []string{exchange.New, exchange.Change, exchange.End, exchange.Same, exchange.Wrong} {
		v.Counts = append(v.Counts, countView{c.T("import.what." + what), strconv.Itoa(rep.Counts[what]), what == exchange.Wrong && wrong > 0})
	}
	and := c.T("punct.and")
	for _, h := range rep.Heads {
		v.Heads = append(v.Heads, headView{h.Sheet, strings.Join(h.Known(c.Lang), and), strings.Join(h.Left(), and)})
	}
	for _, pass := range []bool{true, false} { // what is wrong stands first, what stays the same is not listed
		for _, l := range rep.Lines {
			if (l.What == exchange.Wrong) == pass && l.What != exchange.Same {
				v.Rows = append(v.Rows, p.line(c, l))
			}
		}
	}
	return c.Render(status, reportPage(v))
}

func (p *Pages) line(c *web.Ctx, l exchange.Line) lineView {
	out := lineView{What: c.T("import.what." + l.What), Name: l.Name, Wrong: l.What == exchange.Wrong}
	if l.Row > 0 {
		out.At = c.T("import.row", strconv.Itoa(l.Row))
		if l.Sheet != "" {
			out.At = l.Sheet + "　" + out.At
		}
	}
	for _, x := range l.Changes {
		from := x.From
		if from == "" {
			from = c.T("import.empty")
		}
		to := x.To
		if to == "" {
			to = c.T("import.empty")
		}
		out.Changes = append(out.Changes, changeView{exchange.ColumnName(c.Lang, x.Column), from, to})
	}
	for _, x := range l.Problems {
		out.Problems = append(out.Problems, x.Text(c.Lang))
	}
	return out
}

// reasons gives the pending file back with a column of what is wrong.
func (p *Pages) reasons(c *web.Ctx) error {
	x, b, err := kept(c)
	if err != nil {
		return err
	}
	rep, err := p.Exchange.Import(c.Context(), c.Who, x.Kind, bytes.NewReader(b), int64(len(b)), exchange.Options{DryRun: true, On: x.On, Lang: c.Lang})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := p.Exchange.Annotate(bytes.NewReader(b), int64(len(b)), rep, &out, sheet.XLSX, c.Lang); err != nil {
		return err
	}
	return send(c, c.T("sheet.kind."+x.Kind)+"_"+c.T("sheet.reason"), sheet.XLSX, &out)
}

func (p *Pages) template(c *web.Ctx) error {
	kind := c.R.URL.Query().Get("kind")
	var out bytes.Buffer
	if err := p.Exchange.Template(kind, &out, sheet.XLSX, c.Lang); err != nil {
		return err
	}
	return send(c, c.T("sheet.kind."+kind), sheet.XLSX, &out)
}

// export gives a table out. It is made whole first: an error half way must not leave half a file.
func (p *Pages) export(c *web.Ctx) error {
	q := c.R.URL.Query()
	f := sheet.XLSX
	if q.Get("format") == "csv" {
		f = sheet.CSV
	}
	var out bytes.Buffer
	if _, err := p.Exchange.Export(c.Context(), c.Who, q.Get("kind"), &out, f, c.Lang); err != nil {
		return err
	}
	return send(c, c.T("sheet.kind."+q.Get("kind"))+"_"+strings.ReplaceAll(string(c.Today), "-", ""), f, &out)
}

var types = map[sheet.Format]string{sheet.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", sheet.CSV: "text/csv; charset=utf-8", "txt": "text/plain; charset=utf-8"}

func send(c *web.Ctx, name string, f sheet.Format, body *bytes.Buffer) error {
	h := c.W.Header()
	h.Set("Content-Type", types[f])
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + "." + string(f)}))
	h.Set("Cache-Control", "no-store")
	_, _ = c.W.Write(body.Bytes()) // the reader may have gone
	return nil
}
