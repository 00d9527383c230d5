package app_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/dbtest"
)

// rowless are readers who may not open a county's reports: below it, beside it and above it.
var rowless = []string{"secretary", "twpdeputy", "handler", "head", "reviewer", "supervision", "othersecretary", "othersupervision", "cityorg", "cityoffice"}

// TestOneMoreReport: for whoever may not open a report, every page and every answer to a program is the same before it came
// in as after, and takes as many statements. It holds for every route there is: who adds one that tells fails here.
func TestOneMoreReport(t *testing.T) {
	t.Parallel()
	with, without := twin(t, dbtest.SQLite(t)), twin(t, dbtest.SQLite(t))
	in := entry(with.World)
	in.Subject.Unit, in.Subject.Name, in.Title, in.Summary = with.Units["single"].ID.Key, "吴某", "反映虚报防汛物资款", "来信反映镇农业服务中心负责人虚报防汛物资款。"
	e, err := with.App.Intake.Enter(apptest.Ctx, with.As("intake"), in)
	with.must(err)
	s := secret{what: "one more report", tipoff: e.ID, name: in.Subject.Name, title: in.Title, summary: in.Summary, things: things{"tipoff": e.ID}}
	for _, who := range rowless {
		if n := compare(with, without, who, s, nowhere); n < 20 {
			t.Errorf("%s was shown only %d pages", who, n)
		}
	}
}

// opensSome are those of them who may open clues or cases.
var opensSome = map[string]bool{"supervision": true, "othersupervision": true, "cityoffice": true, "reviewer": true}

// attack is what somebody without the rows can put together from the numbers that they are given.
type attack struct {
	*testing.T
	*apptest.World
	dice  *rand.Rand
	least int64
	was   map[string]int64 // what really was counted, by measure, organ and span
}

var (
	flows    = []string{"tipoff.received", "tipoff.accepted", "clue.opened"}
	channels = []string{"letter", "visit", "phone", "web"}
	organs   = []string{"county", "other", "city"}
)

// read is a number as a reader is given it.
func (a *attack) read(who, unit, name string, from, to calendar.Date) measure.Value {
	a.Helper()
	d, err := a.App.Measures.Get(name)
	if err != nil {
		a.Fatal(err)
	}
	v, err := d.Value(apptest.Ctx, a.App.DB.In(apptest.City), measure.Query{Unit: a.Units[unit], From: from, To: to, Who: a.As(who)})
	if err != nil {
		a.Fatal(err)
	}
	return v
}

// all is everything that a reader is given of every unit, over the periods, in one string.
func (a *attack) all(who string, periods [][2]calendar.Date) string {
	a.Helper()
	out := ""
	for _, unit := range []string{"city", "county", "other", "full", "county.office1"} {
		lower := unit != "city" && unit != "county" && unit != "other" // these work on no report
		if lower && (opensSome[who] || a.As(who).Unit().ID == a.Units[unit].ID) {
			continue
		}
		for _, p := range periods {
			read := a.App.Measures.Read()
			for _, d := range a.App.Measures.All() {
				if len(d.Of) == 0 || opensSome[who] && d.Of[0] != "tipoff" { // whose rows they may open
					continue
				}
				v, err := d.Value(apptest.Ctx, a.App.DB.In(apptest.City), measure.Query{Unit: a.Units[unit], From: p[0], To: p[1], Who: a.As(who), Read: read})
				if err != nil {
					a.Fatal(err)
				}
				if v.Known || v.Numerator != 0 || v.Denominator != 0 || len(v.By) > 0 {
					a.Fatalf("%s is given %s of %s as it is: %+v", who, d.Name, unit, v)
				}
				out += fmt.Sprintf("%s %s %v %+v\n", d.Name, unit, p, *v.Veil)
			}
		}
	}
	return out
}

// report counts one report.
func (a *attack) report(organ, name string, n int) {
	a.Helper()
	day := a.App.DB.Today()
	_, err := a.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		for range n {
			if err := measure.Count(apptest.Ctx, tx, name, channels[a.dice.IntN(len(channels))], a.Units[organ].ID.Key, day, id.Key(tx.NewKey()), 1); err != nil {
				return ledger.Act{}, err
			}
		}
		return ledger.Act{Action: "holding.begin", Organ: a.Units["city"].ID}, nil
	})
	if err != nil {
		a.Fatal(err)
	}
	a.was[name+organ+string(quarter(day))] += int64(n)
}

// quarter is the first day of a day's quarter.
func quarter(d calendar.Date) calendar.Date {
	return calendar.MakeDate(d.Year(), (d.Month()-1)/3*3+1, 1)
}

// bounds is what the attacker knows of one organ's count in one quarter: the number itself, the city's less what the other
// organs can have at most, and two quarters less what the other one can have at most.
func (a *attack) bounds(who, name, organ string, q calendar.Date) (least int64) {
	a.Helper()
	end := func(q calendar.Date) calendar.Date { return q.AddMonths(3).AddDays(-1) }
	floor := func(unit string, from, to calendar.Date) int64 {
		v := a.read(who, unit, name, from, to)
		if v.Veil == nil {
			return v.Numerator
		}
		return v.Veil.Floor
	}
	most := func(n int64) int64 { return n + a.least - 1 }
	if organ != "city" { // of what lies above the counties there is no number but the city's
		least = floor(organ, q, end(q))
		before := q.AddMonths(-3)
		least = max(least, floor(organ, before, end(q))-most(floor(organ, before, end(before))))
		if both := floor(organ, before, end(q)); both != floor(organ, before, end(before))+floor(organ, q, end(q)) {
			a.Fatalf("two quarters of %s are given as %d, which their parts are not", organ, both)
		}
	}
	whole := floor("city", q, end(q))
	own, rest := whole, whole
	for _, o := range []string{"county", "other"} {
		n := floor(o, q, end(q))
		if own -= n; o != organ {
			rest -= most(n)
		}
	}
	if organ == "city" {
		return rest
	}
	return max(least, rest-most(own))
}

// TestDifferencing is T57: whoever may not open the rows is given nothing from which one report could be told. They read
// every measure of every unit over many periods, running ones and ones that overlap, before one more report comes in and
// after; and take number from number for as long as they like.
func TestDifferencing(t *testing.T) {
	t.Parallel()
	const tries = 1000
	w := apptest.New(t, dbtest.SQLite(t))
	a := &attack{T: t, World: w, dice: rand.New(rand.NewPCG(57, 1)), least: int64(w.App.Rules.Limit("figures.least", w.App.DB.Today())), was: map[string]int64{}}
	began, shown := w.App.DB.Today(), 0
	for try := range tries {
		w.On(w.App.DB.Today().AddDays(a.dice.IntN(4)))
		today := w.App.DB.Today()
		who := rowless[a.dice.IntN(len(rowless))]
		organ, name := organs[a.dice.IntN(len(organs))], flows[a.dice.IntN(len(flows))]
		if opensSome[who] {
			name = flows[a.dice.IntN(2)]
		}
		if try%3 == 0 {
			a.report(organs[a.dice.IntN(len(organs))], flows[a.dice.IntN(len(flows))], a.dice.IntN(9))
		}
		back := today.AddDays(-a.dice.IntN(400))
		periods := [][2]calendar.Date{{today, today}, {back, today}, {back, today.AddDays(-1)}}
		look := func() (out string) {
			if try%50 == 0 { // everything there is
				return a.all(who, periods)
			}
			for _, unit := range []string{"city", organ} {
				for _, p := range periods {
					v := a.read(who, unit, name, p[0], p[1])
					out += fmt.Sprintf("%d %v %+v\n", v.Numerator, v.By, v.Veil)
				}
			}
			return out
		}
		before := look()
		a.report(organ, name, 1)
		if after := look(); after != before {
			t.Fatalf("try %d: %s tells that one more was counted at %s in %s:\n%s\n%s", try, who, organ, name, before, after)
		}
		q := quarter(began.AddDays(a.dice.IntN(max(1, today.Sub(began)))))
		if q.AddMonths(3) > today {
			continue
		}
		n := a.was[name+organ+string(q)]
		switch least := a.bounds(who, name, organ, q); {
		case least > 0 && n < a.least:
			t.Fatalf("try %d: %s finds at least %d %s of %s in the quarter of %s, which had %d", try, who, least, name, organ, q, n)
		case least > n:
			t.Fatalf("try %d: %s of %s in the quarter of %s is given as at least %d and was %d", try, name, organ, q, least, n)
		case least > 0:
			shown++
		}
	}
	if shown < tries/20 {
		t.Errorf("only %d numbers were given at all: nothing was held against anything", shown)
	}
	// Whoever may open the rows sees the number as it is.
	var n int64
	for q := quarter(began); q <= w.App.DB.Today(); q = q.AddMonths(3) {
		n += a.was["tipoff.received"+"county"+string(q)]
	}
	if v := a.read("principal", "county", "tipoff.received", began, w.App.DB.Today()); !v.Known || v.Numerator != n || len(v.By) == 0 {
		t.Errorf("the county's leader is given %+v, want %d", v, n)
	}
}
