package app_test

import (
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
	"qianshao/internal/rulebook"
	rules "qianshao/rulebook"
)

// slow are figures that are read from cells or by index, as the obvious count over all rows: of the unit $2 (by its kind:
// every row, the rows of a county, of a unit) from $3 to $4 of what is known on $5. Each gives numerator and denominator.
var slow = map[string]string{
	"clue.filed_per_disposed": slowShare("clue.disposed", `EXISTS (SELECT 1 FROM matters k JOIN tallies f ON f.city_id = k.city_id AND f.matter_id = k.id
		WHERE k.city_id = x.city_id AND k.parent_id = x.id AND k.kind = 'case' AND f.measure = 'case.filed' AND f.n <> 0 AND f.on_day <= $4)`),
	"clue.self_found_share": slowShare("clue.opened", `x.source = 'found'`),
	"clue.returned_share":   slowShare("clue.disposed", `EXISTS (SELECT 1 FROM proposals p WHERE p.city_id = x.city_id AND p.matter_id = x.id AND p.state = 'returned')`),
	"case.township_share":   slowShare("case.filed", `EXISTS (SELECT 1 FROM units u WHERE u.city_id = x.city_id AND u.id = x.handler_id AND u.kind = 'township')`),
	"case.returned_share":   slowShare("case.decided", `EXISTS (SELECT 1 FROM tallies f WHERE f.city_id = x.city_id AND f.matter_id = x.id AND f.measure = 'case.returned' AND f.n <> 0)`),
	"clue.by_channel": `SELECT COALESCE(SUM(t.n), 0), 0 FROM tallies t WHERE t.city_id = $1 AND t.measure = 'clue.opened' AND t.on_day >= $3 AND t.on_day <= $4
		AND ($2 = '' OR t.unit_id = $2 OR t.unit_id IN (SELECT u.id FROM units u WHERE u.city_id = $1 AND u.county_id = $2)) AND $5 <> ''`,
	"clue.step_days":        slowSteps("clue"),
	"tipoff.step_days":      slowSteps("tipoff"),
	"case.step_days":        slowSteps("case"),
	"clue.on_time":          slowKept("clue", ``),
	"case.on_time":          slowKept("case", ``),
	"clue.opinion_on_time":  slowKept("clue", `clue.opinion`),
	"tipoff.first_on_time":  slowKept("tipoff", `tipoff.first_action`),
	"tipoff.notice_on_time": slowKept("tipoff", `tipoff.notice`),
	"tipoff.result_on_time": slowKept("tipoff", `tipoff.result`),
	"deadline.open": `SELECT COUNT(c.id), 0 FROM clocks c WHERE c.city_id = $1 AND c.legal = TRUE AND c.start_on <= $4 AND $3 <> '' AND $5 <> '' AND (c.state IN ('open', 'paused') OR c.state = 'done' AND c.ended_on > $4)
		AND ($2 = '' OR c.county_id = $2 OR c.owed_id = $2 AND EXISTS (SELECT 1 FROM units u WHERE u.city_id = $1 AND u.id = $2 AND u.kind <> 'county'))`,
	"deadline.near": `SELECT COUNT(c.id), 0 FROM clocks c WHERE c.city_id = $1 AND c.legal = TRUE AND c.start_on <= $4 AND $3 <> '' AND $5 <> '' AND (c.state = 'open' OR c.state = 'done' AND c.ended_on > $4) AND c.due_on >= $4 AND c.due_on <= $6
		AND ($2 = '' OR c.county_id = $2 OR c.owed_id = $2 AND EXISTS (SELECT 1 FROM units u WHERE u.city_id = $1 AND u.id = $2 AND u.kind <> 'county'))`,
	"tipoff.open":     slowOpen("tipoff"),
	"clue.open":       slowOpen("clue"),
	"case.open":       slowOpen("case"),
	"officials.count": slowOfficials,
	"deadline.late":   slowLate(``),
	"clue.late":       slowLate(`clue`),
	"case.late":       slowLate(`case`),
	"tipoff.late":     slowLate(`tipoff`),
	"deadline.warned": slowFired(`lower(f.kind) LIKE 'warn%'`),
	"deadline.risen":  slowFired(`f.kind = 'rise'`),
}

func slowOpen(kind string) string {
	return `SELECT COUNT(x.id), 0 FROM matters x WHERE x.city_id = $1 AND x.kind = '` + kind + `' AND x.opened_on <= $4 AND (x.ended_on = '' OR x.ended_on > $4) AND $3 <> '' AND $5 <> ''
		AND ($2 = '' OR x.county_id = $2 OR x.handler_id = $2 AND EXISTS (SELECT 1 FROM units u WHERE u.city_id = $1 AND u.id = $2 AND u.kind <> 'county'))`
}

const slowOfficials = `SELECT COUNT(o.id), 0 FROM officials o WHERE o.city_id = $1 AND o.from_on <= $4 AND (o.to_on = '' OR o.to_on > $4) AND $3 <> '' AND $5 <> ''
	AND ($2 = '' OR o.county_id = $2 OR o.township_id = $2 OR o.unit_id = $2)`

// slowFired asks by the instants at which the days begin.
func slowFired(kind string) string {
	return `SELECT COUNT(f.clock_id), 0 FROM fires f JOIN clocks c ON c.city_id = f.city_id AND c.id = f.clock_id WHERE f.city_id = $1 AND ` + kind + ` AND f.at >= $6 AND f.at < $7 AND $3 <> '' AND $4 <> '' AND $5 <> ''
		AND ($2 = '' OR c.county_id = $2 OR c.owed_id = $2 AND EXISTS (SELECT 1 FROM units u WHERE u.city_id = $1 AND u.id = $2 AND u.kind <> 'county'))`
}

func slowShare(tally, counts string) string {
	return `SELECT COUNT(DISTINCT CASE WHEN ` + counts + ` THEN t.matter_id END), COUNT(DISTINCT t.matter_id) FROM tallies t JOIN matters x ON x.city_id = t.city_id AND x.id = t.matter_id
		WHERE t.city_id = $1 AND t.measure = '` + tally + `' AND t.on_day >= $3 AND t.on_day <= $4 AND t.n <> 0 AND $5 <> ''
		AND ($2 = '' OR t.unit_id = $2 OR t.unit_id IN (SELECT u.id FROM units u WHERE u.city_id = $1 AND u.county_id = $2))`
}

func slowSteps(kind string) string {
	return `SELECT COALESCE(SUM(t.n), 0), COUNT(t.id) FROM tallies t WHERE t.city_id = $1 AND t.measure = '` + kind + `.step_days' AND t.dim <> '' AND t.on_day >= $3 AND t.on_day <= $4 AND $5 <> ''
		AND ($2 = '' OR t.unit_id = $2 OR t.unit_id IN (SELECT u.id FROM units u WHERE u.city_id = $1 AND u.county_id = $2))`
}

func slowKept(kind, rule string) string {
	which := `c.legal = TRUE`
	if rule != "" {
		which = `c.rule = '` + rule + `'`
	}
	return `SELECT COALESCE(SUM(CASE WHEN c.state = 'done' AND c.ended_on <= c.due_on THEN 1 ELSE 0 END), 0), COUNT(c.id) FROM clocks c JOIN matters x ON x.city_id = c.city_id AND x.id = c.matter_id
		WHERE c.city_id = $1 AND x.kind = '` + kind + `' AND c.due_on >= $3 AND c.due_on <= $4 AND (c.state = 'done' OR c.state = 'open' AND c.due_on < $5)
		AND ` + which + ` AND ($2 = '' OR c.county_id = $2 OR c.owed_id = $2 AND EXISTS (SELECT 1 FROM units u WHERE u.city_id = $1 AND u.id = $2 AND u.kind <> 'county'))`
}

func slowLate(kind string) string {
	return `SELECT COUNT(c.id), 0 FROM clocks c JOIN matters x ON x.city_id = c.city_id AND x.id = c.matter_id WHERE c.city_id = $1 AND c.legal = TRUE AND c.start_on <= $4 AND $3 <> '' AND $5 <> ''
		AND c.due_on < $4 AND (c.state = 'open' OR c.state = 'done' AND c.ended_on > $4) AND ('` + kind + `' = '' OR x.kind = '` + kind + `')
		AND ($2 = '' OR c.county_id = $2 OR c.owed_id = $2 AND EXISTS (SELECT 1 FROM units u WHERE u.city_id = $1 AND u.id = $2 AND u.kind <> 'county'))`
}

// slowly asks for every figure of slow of every unit of a world, over whole and broken months, past and present, both ways.
func slowly(t *testing.T, w *apptest.World) {
	t.Helper()
	r := w.App.DB.In(apptest.City)
	today := w.App.DB.Today()
	month := calendar.MakeDate(today.Year(), today.Month(), 1)
	spans := [][2]calendar.Date{{"2020-01-01", today}, {month.AddMonths(-11), today}, {month, today}, {today, today}, {month.AddMonths(-2), month.AddDays(-1)}, {month.AddMonths(-3).AddDays(9), today.AddDays(-5)},
		{today.AddMonths(-1), today.AddDays(-1)}, {"2020-02-03", month.AddMonths(-1).AddDays(14)}, {month.AddMonths(1), month.AddMonths(2)}}
	some := map[string]bool{}
	for name, text := range slow {
		d, err := w.App.Measures.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []string{"city", "county", "other", "full", "county.office1"} {
			u := w.Units[at]
			key := u.ID.Key
			if u.Level <= access.City {
				key = ""
			}
			for _, s := range spans {
				args := []any{key, s[0], s[1], today}
				if name == "deadline.near" {
					args = append(args, s[1].AddDays(deadline.NearDays))
				}
				if strings.Contains(text, "$7") {
					args = append(args, int64(calendar.StartOf(s[0])), int64(calendar.StartOf(s[1].AddDays(1))))
				}
				var n, of int64
				if err := r.Row(apptest.Ctx, text, args...).Scan(&n, &of); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for i, read := range []*measure.Read{nil, w.App.Measures.Read()} {
					v, err := d.Value(apptest.Ctx, r, measure.Query{Unit: u, From: s[0], To: s[1], Who: access.ByProgram(apptest.City), Read: read})
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if v.Numerator != n || v.Denominator != of {
						t.Errorf("%s of %s from %s to %s is %d/%d (%d), counted slowly %d/%d", name, at, s[0], s[1], v.Numerator, v.Denominator, i, n, of)
					}
				}
				some[name] = some[name] || n > 0 || of > 0
			}
		}
	}
	for name := range slow {
		if !some[name] && !strings.HasSuffix(name, ".late") {
			t.Logf("%s: there was nothing to count", name)
		}
	}
}

// remake fills the cells from the rows of a world as the step that brings them does, and as Recount does, and holds them
// against those.
func remake(t *testing.T, w *apptest.World) {
	t.Helper()
	d := w.App.DB
	statements := []string{"DELETE FROM splits", "DELETE FROM recounts"}
	for _, step := range []string{"0007_report.sql", "0009_fired.sql", "0010_sums.sql", "0014_steps.sql"} {
		text, err := migrate.Text(d.Engine, step)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range strings.Split(text, ";\n") {
			if i := strings.Index(s, "INSERT INTO"); i >= 0 && !strings.Contains(s, "_before") {
				statements = append(statements, s[i:])
			}
		}
	}
	if len(statements) < 12 {
		t.Fatalf("%d statements", len(statements))
	}
	for _, s := range statements {
		if _, err := d.Raw().Exec(s); err != nil {
			t.Fatalf("%v: %s", err, s)
		}
	}
	w.Verify()
	if err := d.Write(apptest.Ctx, apptest.City, func(tx *db.Tx) error { return measure.Recount(apptest.Ctx, tx, app.Splits()) }); err != nil {
		t.Fatal(err)
	}
	w.Verify()
}

// TestKeptRulesAreLegal: cells hold legal clocks only, so the rules that shares are asked by must be such.
func TestKeptRulesAreLegal(t *testing.T) {
	t.Parallel()
	var kept []string
	for _, text := range slow {
		if _, rest, ok := strings.Cut(text, `c.rule = '`); ok {
			rule, _, _ := strings.Cut(rest, `'`)
			kept = append(kept, rule)
		}
	}
	slices.Sort(kept)
	book, err := rulebook.Load(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range kept {
		if timer, ok := book.Timer(rule, "2026-10-01"); !ok || !timer.Legal {
			t.Errorf("%s is no legal clock", rule)
		}
	}
}
