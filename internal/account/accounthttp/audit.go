package accounthttp

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

const auditRows = 50

// families are what the log can be narrowed to: the first word of an action, and "matter" for all that is about one.
var families = []string{"matter", "account", "holding", "appointment", "unit", "delegation", "key", "clock", "audit"}

type auditView struct {
	gate
	Logs    []ui.OptionView
	Log     string
	Name    string
	Family  string
	On      string
	Hand    bool
	Choices []ui.OptionView
	Days    []auditDay
	N       int
	Older   string
	First   string
	Active  bool
}

type auditDay struct {
	Day  string
	Rows []auditRow
}

type auditRow struct {
	Seq, Time, What, Note, Who, Post string
	Hand                             bool // by the host's command line
	Self                             bool // by the program
}

// audit lists an organ's log for its auditor. That the auditor looked is an act too.
func (p *Pages) audit(c *web.Ctx) error {
	r := c.Home()
	logs, err := ledger.Logs(c.Context(), r, c.Who)
	if err != nil {
		return err
	}
	if len(logs) == 0 {
		return fault.Hidden()
	}
	f := c.R.URL.Query()
	log := logs[0]
	if key := f.Get("log"); key != "" {
		i := slices.IndexFunc(logs, func(u access.Unit) bool { return u.ID.Key == key })
		if i < 0 {
			return fault.Hidden()
		}
		log = logs[i]
	}
	q := ledger.Query{Log: log.ID.Key, Name: strings.TrimSpace(f.Get("name")), On: calendar.Date(f.Get("on")), Hand: f.Get("hand") != "", Limit: auditRows + 1}
	if slices.Contains(families, f.Get("family")) {
		q.Family = f.Get("family")
	}
	if !q.On.Valid() {
		q.On = ""
	}
	if n, err := strconv.ParseInt(f.Get("before"), 10, 64); err == nil && n > 0 {
		q.Before = n
	}
	if err := p.Accounts.Ledger.Consulted(c.Context(), c.Who, log.ID); err != nil {
		return err
	}
	list, err := ledger.Entries(c.Context(), r, c.Who, q)
	if err != nil {
		return err
	}
	v := auditView{gate: p.gate(c, "audit.title", "/"), Log: log.ID.Key, Name: q.Name, Family: q.Family, On: string(q.On), Hand: q.Hand}
	v.Active = q.Name != "" || q.Family != "" || q.On != "" || q.Hand
	hand := ""
	if q.Hand {
		hand = "1"
	}
	same := []string{"log", f.Get("log"), "name", q.Name, "family", q.Family, "on", string(q.On), "hand", hand}
	if q.Before > 0 {
		v.First = here("/admin/audit", same...)
	}
	if len(list) > auditRows {
		list = list[:auditRows]
		v.Older = here("/admin/audit", append(same, "before", strconv.FormatInt(list[auditRows-1].Seq, 10))...)
	}
	for _, u := range logs {
		v.Logs = append(v.Logs, ui.OptionView{Code: u.ID.Key, Name: u.Commission()})
	}
	for _, x := range families {
		v.Choices = append(v.Choices, ui.OptionView{Code: x, Name: c.T("audit.family." + x)})
	}
	v.N = len(list)
	units, err := unitsOf(c, list)
	if err != nil {
		return err
	}
	for _, e := range list {
		v.Days = onDay(c, v.Days, e.At.Date(), auditRowOf(c, e, units))
	}
	return c.Render(http.StatusOK, auditPage(v))
}

// onDay adds a row to a list by days.
func onDay(c *web.Ctx, days []auditDay, d calendar.Date, row auditRow) []auditDay {
	day := ui.LongDay(c.Lang, d) + " " + ui.Weekday(c.Lang, d)
	if n := len(days); n == 0 || days[n-1].Day != day {
		days = append(days, auditDay{Day: day})
	}
	last := &days[len(days)-1]
	last.Rows = append(last.Rows, row)
	return days
}

// unitsOf reads the units that entries name, those of the reader's own tenant.
func unitsOf(c *web.Ctx, list []ledger.Entry) (map[string]access.Unit, error) {
	var keys []string
	for _, e := range list {
		if u, err := id.Parse(e.Unit); err == nil && u.City == c.Who.City {
			keys = append(keys, u.Key)
		}
	}
	return access.Units(c.Context(), c.Home(), keys)
}

func auditRowOf(c *web.Ctx, e ledger.Entry, units map[string]access.Unit) auditRow {
	r := auditRow{Seq: ui.Thousands(e.Seq), Time: ui.Clock(e.At), What: actionName(c, e), Hand: e.Kind == string(access.Operator), Self: e.Kind == string(access.System)}
	switch {
	case e.Gone:
		r.Note = c.T("audit.gone")
	case !e.Matter.Zero():
		r.Note = c.T("audit.matter")
	default:
		r.Note = told(c, e)
	}
	switch {
	case r.Hand:
		r.Who = c.T("audit.hand")
	case r.Self:
		r.Who = c.T("actor.system")
	case e.Person != "":
		r.Who = e.Name
		if e.Post != "" {
			r.Post = c.T("post." + e.Post)
		}
		if u, err := id.Parse(e.Unit); err == nil && units[u.Key].Name != "" {
			r.Post = units[u.Key].Commission() + " " + r.Post
		}
	}
	return r
}

// actionName says what kind of act it was: a move by its own name, anything else by that of the log.
func actionName(c *web.Ctx, e ledger.Entry) string {
	parts := strings.SplitN(e.Action, ".", 3)
	if len(parts) == 3 {
		if move := "move." + parts[0] + "." + parts[1]; locale.Has(move) {
			return c.T("act."+parts[2], c.T(move))
		}
		if move := "move.clock." + parts[1]; locale.Has(move) {
			return c.T("act."+parts[2], c.T(move))
		}
	}
	for _, key := range []string{"action." + e.Action, "move." + e.Action, "audit.family." + ledger.Family(e.Action)} {
		if locale.Has(key) {
			return c.T(key)
		}
	}
	return c.T("audit.other", e.Action)
}

// shown are the parameters of acts about no matter that the auditor reads, in this order: none of them is a secret, and
// none says anything about a reporter or a case.
var shown = []string{"login", "name", "post", "kind", "unit", "device", "second", "failed_before", "failures", "step", "until", "on", "leave_reason"}

// told is what such an act said, in one line.
func told(c *web.Ctx, e ledger.Entry) string {
	var out []string
	for _, k := range shown {
		x, ok := e.Params[k]
		if !ok {
			continue
		}
		value := ""
		switch x := x.(type) {
		case string:
			value = locale.First(c.Lang, "audit.value."+k+"."+x, x)
			if k == "kind" || k == "post" {
				value = locale.First(c.Lang, "post."+x, x)
			}
		case float64:
			value = strconv.FormatInt(int64(x), 10)
		}
		if value != "" {
			out = append(out, c.T("audit.param."+k, value))
		}
	}
	return strings.Join(out, c.T("list.comma_in"))
}
