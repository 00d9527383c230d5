package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/web"
)

// mostStatements is how many statements a page may take.
const mostStatements = 12

// counted serves pages and counts the statements each took.
type counted struct {
	w   *apptest.World
	h   http.Handler
	was int64
}

func count(w *apptest.World) *counted {
	c := &counted{w: w}
	m := w.Mux()
	m.Observe = func(_ web.Route, _ int, _ time.Duration, statements int64) { c.was = statements }
	c.h = m.Handler()
	return c
}

func (c *counted) get(t *testing.T, who, path string) int64 {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	req.AddCookie(&http.Cookie{Name: "qs", Value: who})
	res := httptest.NewRecorder()
	c.h.ServeHTTP(res, req)
	if res.Code != http.StatusOK {
		t.Fatalf("%s by %s: %d", path, who, res.Code)
	}
	return c.was
}

// papers are rows of every kind, some of each in every stage that a list or a desk shows.
type papers struct{ tipoff, slip, pool, clue, waiting, kase, proposal id.ID }

func fillPapers(t *testing.T, w *apptest.World, n int) papers {
	t.Helper()
	var p papers
	for i := range n {
		in := entry(w)
		in.Title = fmt.Sprintf("反映虚报管护费（%d）", i)
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
		if err != nil {
			t.Fatal(err)
		}
		p.tipoff = e.ID
		in.Subject.Rank, in.Subject.Post = "deputy_county", "副县长"
		if e, err = w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in); err != nil {
			t.Fatal(err)
		}
		if !e.Slip {
			t.Fatal("a report about somebody managed above is no slip")
		}
		p.slip = e.ID
		p.pool = child(t, w, pooled(t, w), "clue")
		p.clue = handed(t, w, "full", "county.office1")
		p.waiting = handed(t, w, "headless", "headless")
		w.Do("hldeputy", p.waiting, "receive", nil)
		w.Do("hldeputy", p.waiting, "propose", disposal("verification"))
		p.proposal = open(t, w, p.waiting).ID
		shelved := handed(t, w, "full", "county.office2")
		w.Do("handler3", shelved, "propose", disposal("shelve"))
		w.Approve("head2", shelved)
		w.Approve("deputy", shelved)
		if i%5 == 0 {
			p.kase = filed(t, w)
		}
	}
	return p
}

// filed is a case, just begun.
func filed(t *testing.T, w *apptest.World) id.ID {
	t.Helper()
	m := handed(t, w, "full", "county.office1")
	w.Do("handler", m, "propose", disposal("verification"))
	w.Approve("head", m)
	w.Approve("deputy", m)
	team := []string{w.Who["handler"].Person, w.Who["handler2"].Person}
	w.Do("handler", m, "submit_plan", vals{"team": team, "lead": team[:1], "questions": {"去向"}, "steps": {"调账"}, "measures": {"talk"}, "safety": {"预案"}})
	w.Approve("principal", m)
	w.Do("handler", m, "write_report", vals{"facts": {"属实。"}, "finding": {"true"}, "record_no": {"核1号"}})
	w.Do("handler", m, "sign", nil)
	w.Do("handler2", m, "sign", nil)
	w.Do("handler", m, "propose_result", vals{"outcome": {"file"}, "reason": {"应予立案。"}, "track": {"party"}})
	w.Approve("principal", m)
	return child(t, w, m, "case")
}

// TestStatementsPerPage: no page asks the database more often because it shows more rows, and all keep to their bound, but a
// province's, which asks each of its cities.
func TestStatementsPerPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		c := count(w)
		type page struct{ who, path string }
		few := map[page]int64{}
		for round, n := range []int{5, 55} {
			p := fillPapers(t, w, n)
			pages := []page{
				{"supervision", "/m/" + p.pool.String()}, {"handler", "/m/" + p.clue.String()}, {"head", "/m/" + p.waiting.String()}, {"head", "/p/" + p.proposal.String()},
				{"intake", "/m/" + p.tipoff.String()}, {"handler", "/m/" + p.kase.String()}, {"principal", "/m/" + p.kase.String()}, {"intake", "/m/" + p.slip.String()},
			}
			matters := len(pages)
			for _, who := range []string{"intake", "supervision", "head", "handler", "deputy", "principal", "hldeputy", "secretary", "cityoffice", "cityintake", "province", "sysadmin", "auditor"} {
				pages = append(pages, page{who, "/"})
			}
			pages = append(pages, page{"head", "/approvals"}, page{"intake", "/tipoffs"}, page{"intake", "/slips"}, page{"supervision", "/clues"}, page{"hldeputy", "/clues"}, page{"cityoffice", "/clues"}, page{"province", "/clues"},
				page{"supervision", "/cases"}, page{"cityoffice", "/cases"}, page{"deputy", "/watch"}, page{"cityoffice", "/watch"}, page{"cityoffice", "/superior"}, page{"cityintake", "/superior"},
				page{"supervision", "/search?q=管护"}, page{"cityoffice", "/force"}, page{"cityoffice", "/units"}, page{"secretary", "/units?q=石桥&open=" + w.Units["village"].ID.String()}, page{"supervision", "/units/" + w.Units["full"].ID.String() + "?on=2026-06-01"}, page{"secretary", "/units?q=石桥&on=2026-06-01&open=" + w.Units["village"].ID.String()}, page{"province", "/units?q=石桥&on=2026-06-01"},
				page{"secretary", "/units/" + w.Units["full"].ID.String() + "/officials?under=1&on=2026-06-01"}, page{"supervision", "/checks/" + w.Units["county"].ID.String() + "?on=2026-06-01"}, page{"supervision", "/duties/" + w.Units["full"].ID.String() + "?on=2026-06-01"}, page{"supervision", "/units/" + w.Units["full"].ID.String()}, page{"cityoffice", "/units/" + w.Units["county"].ID.String()},
				page{"intake", "/tipoffs/new"}, page{"secretary", "/measures"}, page{"secretary", "/measures?of=place"}, page{"supervision", "/measures"}, page{"supervision", "/measures?of=place"}, page{"head", "/measures"}, page{"head", "/measures?of=place"}, page{"cityoffice", "/measures"}, page{"cityoffice", "/measures?of=place"}, page{"cityoffice", "/measures/clue.open"},
				page{"cityoffice", "/measures/clue.filed_per_disposed"}, page{"cityoffice", "/measures/officials.growth"}, page{"cityoffice", "/measures/gap.common"}, page{"supervision", "/rules"}, page{"sysadmin", "/admin/accounts"}, page{"auditor", "/admin/audit"},
				page{"cityoffice", "/force/vacancies"}, page{"principal", "/force/vacancies"}, page{"principal", "/force/bench"}, page{"cityoffice", "/force/bench"}, page{"principal", "/force/establishment"}, page{"cityorg", "/force/establishment"},
				page{"secretary", "/people/" + (id.ID{City: apptest.City, Key: w.Who["officer"].Person}).String()}, page{"cityorg", "/people/" + (id.ID{City: apptest.City, Key: w.Who["officer"].Person}).String()},
				page{"secretary", "/units/" + w.Units["full"].ID.String() + "/officials"}, page{"cityorg", "/units/" + w.Units["county"].ID.String() + "/officials"}, page{"principal", "/vacancies"}, page{"cityorg", "/filings"},
				page{"secretary", "/checks/" + w.Units["full"].ID.String()}, page{"supervision", "/checks/" + w.Units["county"].ID.String()}, page{"cityoffice", "/checks/" + w.Units["city"].ID.String()}, page{"cityoffice", "/measures/officials.covered_share"})
			for i, g := range pages {
				n := c.get(t, g.who, g.path)
				most := int64(mostStatements)
				if n > most && (g.who != "province" || g.path == "/") {
					t.Errorf("%s by %s takes %d statements, at most %d", g.path, g.who, n, most)
				}
				key := g
				if i < matters {
					key.path = fmt.Sprint(i, strings.SplitN(g.path, "/", 3)[1])
				}
				if round == 0 {
					few[key] = n
				} else if n > few[key] {
					t.Errorf("%s by %s takes %d statements, with a tenth of the rows %d", g.path, g.who, n, few[key])
				}
			}
		}
	})
}

// TestListPlans: a list finds its rows in an index that is in the list's own order, whatever it is narrowed to: one that
// finds little walks through little.
func TestListPlans(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	for _, c := range []struct {
		who   string
		f     flow.Filter
		index string
	}{
		{"supervision", flow.Filter{Kind: "clue", View: flow.ViewOpen}, "matters_county_open"},
		{"supervision", flow.Filter{Kind: "clue", View: flow.ViewEnded}, "matters_county_open"},
		{"supervision", flow.Filter{Kind: "clue", View: flow.ViewWaiting}, "matters_county_open"},
		{"supervision", flow.Filter{Kind: "clue", View: flow.ViewAll, Source: "inspection"}, "matters_county_source"},
		{"supervision", flow.Filter{Kind: "clue", View: flow.ViewAll}, "matters_county"},
		{"supervision", flow.Filter{Kind: "clue", View: flow.ViewLate}, "matters_county_due"},
		{"supervision", flow.Filter{Kind: "clue", View: flow.ViewAll, Township: w.Units["full"].ID.Key}, "matters_township"},
		{"supervision", flow.Filter{Kind: "clue", View: flow.ViewAll, Handler: w.Units["full"].ID.Key}, "matters_handler"},
		{"supervision", flow.Filter{Kind: "clue", View: "pool"}, "matters_county_state"},
		{"cityoffice", flow.Filter{Kind: "clue", View: flow.ViewOpen}, "matters_city_open"},
		{"cityoffice", flow.Filter{Kind: "clue", View: flow.ViewEnded}, "matters_city_open"},
		{"cityoffice", flow.Filter{Kind: "case", View: flow.ViewWaiting}, "matters_city_open"},
		{"cityoffice", flow.Filter{Kind: "clue", View: flow.ViewAll, Source: "inspection"}, "matters_city_source"},
		{"cityoffice", flow.Filter{Kind: "clue", View: flow.ViewAll}, "matters_city"},
		{"secretary", flow.Filter{Kind: "clue", View: flow.ViewAll}, "matters_handler"},
		{"secretary", flow.Filter{Kind: "clue", View: flow.ViewOpen}, "matters_handler_open"},
		{"secretary", flow.Filter{Kind: "clue", View: flow.ViewEnded}, "matters_handler_open"},
		{"secretary", flow.Filter{Kind: "case", View: flow.ViewWaiting}, "matters_handler_open"},
		{"province", flow.Filter{Kind: "clue", View: flow.ViewOpen}, "matters_city_open"},
		{"province", flow.Filter{Kind: "case", View: flow.ViewWaiting}, "matters_city_open"},
		{"province", flow.Filter{Kind: "clue", View: flow.ViewAll}, "matters_city"},
		{"province", flow.Filter{Kind: "clue", View: flow.ViewAll, Source: "inspection"}, "matters_city_source"},
		{"province", flow.Filter{Kind: "clue", View: "pool"}, "matters_state"},
		{"province", flow.Filter{Kind: "clue", View: flow.ViewLate}, "matters_due"},
	} {
		plan := planned(t, w, func(ctx context.Context) error {
			_, err := w.App.Engine.List(ctx, w.As(c.who), c.f)
			return err
		})
		cities := len(w.As(c.who).Scope(access.ReadOf(c.f.Kind)).Cities())
		if strings.Count(plan, "USING INDEX "+c.index+" ") != cities || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s, %+v: %s", c.who, c.f, plan)
		}
	}
}

// TestOwnPlans: what somebody has still to sign and what custodians did with a key are found among these alone, not among all
// that a person ever took part in or did.
func TestOwnPlans(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	for index, do := range map[string]func(ctx context.Context) error{
		"team_unsigned": func(ctx context.Context) error {
			_, err := w.App.Engine.Desk(ctx, w.As("handler"), 50)
			return err
		},
		"acts_key": func(ctx context.Context) error {
			_, err := w.App.Custody.Look(ctx, w.As("intake"))
			return err
		},
	} {
		if plan := planned(t, w, do); !strings.Contains(plan, "USING INDEX "+index+" ") {
			t.Errorf("not by %s: %s", index, plan)
		}
	}
}

// TestSearchPlan: of what the index of words has found each row is read by its own key, whoever searches.
func TestSearchPlan(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	fillPapers(t, w, 5)
	for _, who := range []string{"hldeputy", "supervision", "cityoffice", "province"} {
		plan := planned(t, w, func(ctx context.Context) error {
			ms, err := w.App.Engine.Search(ctx, w.As(who), "clue", "管护", "", 50)
			if len(ms) == 0 {
				t.Errorf("%s finds nothing", who)
			}
			return err
		})
		if !strings.Contains(plan, "SEARCH m USING INDEX sqlite_autoindex_matters_1 (city_id=? AND id=?)") || strings.Contains(plan, "kind=?") {
			t.Errorf("%s: %s", who, plan)
		}
	}
}

// planned is how SQLite goes about the statements of do.
func planned(t *testing.T, w *apptest.World, do func(ctx context.Context) error) (plan string) {
	t.Helper()
	ctx := db.WithStats(apptest.Ctx, &db.Stats{Seen: func(text string, args []any) {
		rows, err := w.App.DB.Raw().Query("EXPLAIN QUERY PLAN "+text, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var a, b, c int
			var line string
			if err := rows.Scan(&a, &b, &c, &line); err != nil {
				t.Fatal(err)
			}
			plan += line + "; "
		}
	}})
	if err := do(ctx); err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestRowPlans: the rows behind a number are walked in the order they are shown in, and what stands on a day is counted
// from what stands and what ended since.
func TestRowPlans(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	all := regexp.MustCompile(`SCAN (t|c|x|f|l|p|h|g|o|d)\b|SEARCH (t|c|x|f|l|p|h|o) USING [A-Z ]*INDEX \S+ \(city_id=\?\)`)
	for _, name := range []string{"clue.opened", "clue.by_channel", "clue.filed_per_disposed", "clue.returned_share", "clue.step_days", "tipoff.received", "case.filed", "clue.on_time", "deadline.open", "deadline.late", "deadline.near",
		"deadline.warned", "deadline.risen", "clue.open", "case.open", "clue.late", "staff.posts", "officials.count"} {
		def, err := w.App.Measures.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, unit := range []string{"city", "county", "full"} {
			q := year(w.Units[unit])
			plan := planned(t, w, func(ctx context.Context) error {
				_, err := def.Value(ctx, w.App.DB.In(apptest.City), q)
				return err
			})
			if bad := all.FindString(plan); bad != "" && unit != "city" {
				t.Errorf("%s of %s: %s in %s", name, unit, bad, plan)
			}
			plan = planned(t, w, func(ctx context.Context) error {
				_, err := def.Rows(ctx, w.App.DB.In(apptest.City), q, w.As("cityoffice"), measure.Turn{Limit: 50})
				return err
			})
			if bad := all.FindString(plan); bad != "" && unit != "city" {
				t.Errorf("rows of %s of %s: %s in %s", name, unit, bad, plan)
			}
			if strings.HasPrefix(name, "staff.") || name == "officials.count" || strings.HasPrefix(name, "deadline.") || strings.HasSuffix(name, ".open") || name == "clue.late" {
				continue // sorted: of two sides, or of one unit's
			}
			if strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("rows of %s of %s are sorted: %s", name, unit, plan)
			}
		}
	}
}

// grown are tables that grow with the work done.
var grown = map[string]bool{"matters": true, "clocks": true, "tallies": true, "rollups": true, "splits": true, "tipoffs": true, "clues": true, "cases": true, "fires": true, "officials": true, "people": true, "holdings": true, "proposals": true}

var (
	alias   = regexp.MustCompile(`(?:FROM|JOIN) (\w+)(?: (\w+))?`)
	whole   = regexp.MustCompile(`^(SCAN) (\w+)|^SEARCH (\w+) USING (?:[A-Z ]*(?:INDEX \w+|PRIMARY KEY) \(city_id=\?\)|AUTOMATIC )|^BLOOM FILTER ON (\w+)`)
	running = regexp.MustCompile(`INDEX clocks_(city|county) `) // indexes of what runs alone, which is asked for
	wholePg = regexp.MustCompile(`Seq Scan on (\w+)`)
)

// TestMeasurePlans: desks, lists, watches, the report and the page of all numbers read no table that grows with the work as a whole, of whatever unit. PostgreSQL is
// asked what it would do if its tables were large.
func TestMeasurePlans(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		fillPapers(t, w, 1)
		srv := w.Serve()
		for _, who := range []string{"secretary", "supervision", "cityoffice", "province"} {
			for _, path := range []string{"/", "/watch", "/superior", "/clues", "/cases", "/tipoffs", "/approvals", "/force", "/report", "/measures", "/measures?of=place", "/measures?of=place&to=" + string(d.Today().AddDays(-40)) + "&from=" + string(d.Today().AddMonths(-15)), "/measures?to=" + string(d.Today().AddDays(-40)) + "&from=" + string(d.Today().AddMonths(-15))} {
				if code, _ := w.Get(srv, who, path); code == http.StatusForbidden {
					continue
				}
				m := w.Mux()
				var mu sync.Mutex
				said := map[string][]any{}
				m.Heard = func(text string, args []any) {
					mu.Lock()
					defer mu.Unlock()
					if strings.HasPrefix(text, "SELECT") {
						said[text] = args
					}
				}
				c := &counted{w: w, h: m.Handler()}
				c.get(t, who, path)
				if strings.HasPrefix(path, "/measures") && len(said) < 4 {
					t.Fatalf("%s by %s: %d statements", path, who, len(said))
				}
				for text, args := range said {
					for _, bad := range wide(t, d, text, args) {
						t.Errorf("%s by %s reads all of %s: %s", path, who, bad, text)
					}
				}
			}
		}
	})
}

// wide names the grown tables that a statement reads whole.
func wide(t *testing.T, d *db.DB, text string, args []any) (out []string) {
	t.Helper()
	tx, err := d.Raw().Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	explain := "EXPLAIN QUERY PLAN "
	if d.Engine == db.Postgres {
		explain = "EXPLAIN "
		if _, err := tx.Exec("SET LOCAL enable_seqscan = off"); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := tx.Query(explain+text, args...)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	defer rows.Close()
	named := map[string]string{}
	for _, m := range alias.FindAllStringSubmatch(text, -1) {
		named[m[1]] = m[1]
		if m[2] != "" {
			named[m[2]] = m[1]
		}
	}
	for rows.Next() {
		var a, b, c int
		var line string
		dest := []any{&a, &b, &c, &line}
		if d.Engine == db.Postgres {
			dest = dest[3:]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		table := ""
		if m := whole.FindStringSubmatch(line); m != nil {
			table = named[m[2]+m[3]+m[4]]
		} else if m := wholePg.FindStringSubmatch(line); m != nil {
			table = m[1]
		}
		if grown[table] && !running.MatchString(line) {
			out = append(out, table+" ("+line+")")
		}
	}
	return out
}
