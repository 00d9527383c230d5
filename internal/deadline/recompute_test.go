package deadline_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// A notice as one may come in November 2026. It is made up; the days off come out at what the law grants.
const notice2027 = `# 拟
年 2027
通知 国办发明电〔2026〕9号 2026-11-05
放假 元旦 01-01..01-03
放假 春节 02-05..02-12
上班 春节 01-30 02-13
放假 清明节 04-03..04-05
放假 劳动节 05-01..05-05
上班 劳动节 05-08
放假 端午节 06-09
放假 中秋节 09-15
放假 国庆节 10-01..10-07
上班 国庆节 09-26 10-09
`

func (w *world) entriesOf(c deadline.Clock) []deadline.Entry {
	w.t.Helper()
	es, err := deadline.Entries(ctx, w.reader(), c.ID.Key)
	if err != nil {
		w.t.Fatal(err)
	}
	return es
}

func (w *world) acts(city id.City, action string) int {
	w.t.Helper()
	n, err := db.Column[int64](ctx, w.App.DB.In(city), `SELECT seq FROM acts WHERE city_id = $1 AND action = $2`, action)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(n)
}

func (w *world) imports(who access.Actor, text string, fx deadline.Effects) (deadline.Import, error) {
	return w.k.ImportYear(ctx, w.App.Ledger, who, text, fx)
}

// The notice of a missing year moves or makes firm what it speaks of, with an entry and an act, and touches nothing else.
func TestImportYear(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.Hire("citysysadmin", "贝系", "sysadmin", "city")
		w.On("2026-11-05")
		open := func(organ, rule string, start date) deadline.Clock {
			return w.clock(w.matter(organ), rule, start, "full", access.Head)
		}
		moves := w.mustAdd(open("county", notice, "2026-11-05"), extended("", 48, wd))     // 63 working days, over Spring Festival
		firm := w.mustAdd(open("city", "clue.opinion", "2026-11-05"), extended("", 1, mm)) // 5 January
		before := open("county", notice, "2026-11-05")
		after := w.mustAdd(open("county", "verify.work", "2026-11-05"), extended("", 14, mm)) // 2028
		ended := w.mustAdd(w.mustAdd(open("county", notice, "2026-11-05"), extended("", 40, wd)), deadline.Entry{Kind: deadline.Fulfilled})
		stands := w.mustAdd(w.mustAdd(open("county", notice, "2026-11-05"), extended("", 48, wd)), paused(""))
		if moves.Due != "2027-02-03" || !moves.Provisional || firm.Due != "2027-01-05" || !firm.Provisional || before.Provisional || !after.Provisional || !ended.Provisional {
			t.Fatalf("before the notice: %+v %+v %+v %+v %+v", moves, firm, before, after, ended)
		}
		fx := w.App.Engine.Effects()
		for _, who := range []string{"principal", "sysadmin", "secadmin"} {
			if _, err := w.imports(w.As(who), notice2027, fx); fault.Code(err) != "clock.not_tender" {
				t.Errorf("%s: %v", who, err)
			}
		}
		got, err := w.imports(w.As("citysysadmin"), notice2027, fx)
		if err != nil || !slices.Equal(got.New, []int{2027}) || len(got.Notes) != 0 || got.Moved != 3 {
			t.Errorf("import: %+v, %v", got, err)
		}
		moves, firm = w.get(moves), w.get(firm)
		if moves.Due != "2027-02-02" || moves.Provisional || w.Matter(id.ID{City: apptest.City, Key: moves.Matter}).Due != "2027-02-02" {
			t.Errorf("with a worked Saturday: %+v", moves)
		}
		es := w.entriesOf(moves)
		if last := es[len(es)-1]; last.Kind != deadline.Recomputed || last.To != "2027-02-02" || last.Reason != "国办发明电〔2026〕9号" || last.Length != 0 {
			t.Errorf("its entry: %+v", last)
		}
		if es := w.entriesOf(firm); firm.Due != "2027-01-05" || firm.Provisional || len(es) != 3 || es[2].Kind != deadline.Recomputed {
			t.Errorf("firm now: %+v %+v", firm, es)
		}
		if s := w.get(stands); s.State != deadline.StatePaused || s.Due != "2027-02-02" || s.FireOn != "" {
			t.Errorf("standing: %+v", s)
		}
		for _, c := range []deadline.Clock{before, after, ended} {
			if now := w.get(c); !reflect.DeepEqual(deadline.Plain(now), deadline.Plain(c)) {
				t.Errorf("touched: %+v, was %+v", now, c)
			}
		}
		if p, c := w.acts(apptest.Province, "calendar.import"), w.acts(apptest.City, "calendar.import"); p != 1 || c != 0 {
			t.Errorf("imported in %d acts above and %d in the city", p, c)
		}
		recomputed := w.acts(apptest.City, "clock.recompute")
		if recomputed != 2 {
			t.Errorf("%d acts of recomputing, want one in each organ's log", recomputed)
		}
		// The same once more, in other clothes.
		again, err := w.imports(access.ByOperator(apptest.City), "\ufeff"+strings.ReplaceAll(notice2027, " ", "   "), fx)
		if err != nil || len(again.New) != 0 || again.Moved != 0 {
			t.Errorf("again: %+v, %v", again, err)
		}
		if n, err := w.k.Recompute(ctx, w.App.Ledger, apptest.City, "again", fx); n != 0 || err != nil {
			t.Errorf("recomputed again: %d, %v", n, err)
		}
		if w.acts(apptest.Province, "calendar.import") != 1 || w.acts(apptest.City, "clock.recompute") != recomputed {
			t.Error("the second import left acts")
		}
		// Another process, and the next start, find it.
		other := deadline.NewKeeper(w.App.Rules, calendar.Shipped())
		if news, err := other.Refresh(ctx, d.Shared()); !news || err != nil || !other.Calendar().Has(2027) {
			t.Errorf("another process: %v, %v", news, err)
		}
		if news, err := other.Refresh(ctx, d.Shared()); news || err != nil {
			t.Errorf("another process again: %v, %v", news, err)
		}
		w.Verify()
	})
}

// A second notice within a year, as in 2019, moves days that were firm.
func TestSecondNotice(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.On("2026-11-16")
	over := w.clock(w.matter("county"), notice, "2026-11-16", "full", access.Head)
	short := w.clock(w.matter("county"), "tipoff.accept_forwarded", "2026-11-16", "full", access.Head)
	if over.Due != "2026-12-07" || over.Provisional {
		t.Fatalf("before: %+v", over)
	}
	text := `年 2026
通知 国办发明电〔2025〕7号 2025-11-04
放假 元旦 01-01..01-03
上班 元旦 01-04
放假 春节 02-15..02-23
上班 春节 02-14 02-28
放假 清明节 04-04..04-06
放假 劳动节 05-01..05-05
上班 劳动节 05-09
放假 端午节 06-19..06-21
放假 中秋节 09-25..09-27
放假 国庆节 10-01..10-07
上班 国庆节 09-20 10-10
通知 国办发明电〔2026〕10号 2026-11-16
放假 纪念日 12-04
`
	got, err := w.imports(access.ByOperator(apptest.City), text, w.App.Engine.Effects())
	if err != nil || got.Moved != 1 || len(got.Notes) != 1 || got.Notes[0] != (deadline.Balance{Year: 2026, Given: 14, Law: 13}) {
		t.Errorf("import: %+v, %v", got, err)
	}
	if now := w.get(over); now.Due != "2026-12-08" || now.FireOn != "2026-12-01" {
		t.Errorf("over the new holiday: %+v", now)
	}
	if now := w.get(short); !reflect.DeepEqual(deadline.Plain(now), deadline.Plain(short)) {
		t.Errorf("before it: %+v", now)
	}
	w.Verify()
}

func TestImportRefuses(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	for text, code := range map[string]string{
		"":                              "calendar.nothing",
		"# nothing\n":                   "calendar.nothing",
		"年 2027\n":                      "calendar.year_empty",
		"明年放假":                          "calendar.unknown_word",
		notice2027 + "放假 元旦 13-45\n":    "calendar.day_form",
		notice2027 + "年 2027\n":         "calendar.year_twice",
		string([]byte{0xff, 0xfe, 'x'}): "calendar.not_text",
	} {
		_, err := w.imports(access.ByOperator(apptest.City), text, deadline.Effects{})
		if fs := fault.Fields(err); fault.KindOf(err) != fault.Invalid || len(fs) != 1 || fs[0].Code != code {
			t.Errorf("%q: %v, want %s", text, err, code)
		}
	}
	if w.acts(apptest.Province, "calendar.import") != 0 {
		t.Error("something was imported")
	}
}

// An import that is interrupted after the notice was stored is finished by importing it again.
func TestImportIsFinished(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.On("2026-12-21")
	var cs []deadline.Clock
	for range 6 {
		cs = append(cs, w.clock(w.matter("county"), notice, "2026-12-21", "full", access.Head))
	}
	fx := w.App.Engine.Effects()
	broken := fx
	broken.After = func(ctx context.Context, tx *ledger.Tx, matter id.Key) error {
		if matter == cs[3].Matter {
			return errors.New("interrupted")
		}
		return fx.After(ctx, tx, matter)
	}
	got, err := w.imports(access.ByOperator(apptest.City), notice2027, broken)
	if err == nil || !strings.Contains(err.Error(), cs[3].ID.String()) || got.Moved != 5 {
		t.Errorf("interrupted: %+v, %v", got, err)
	}
	if got, err = w.imports(access.ByOperator(apptest.City), notice2027, fx); err != nil || got.Moved != 1 || len(got.New) != 0 {
		t.Errorf("finished: %+v, %v", got, err)
	}
	for _, c := range cs {
		if now := w.get(c); now.Provisional || now.Entries != 2 {
			t.Errorf("left: %+v", now)
		}
	}
	w.Verify()
}

// Who moves to another organ's register takes the clocks along, even those that the unit above owed already.
func TestReoweMovesTheRegister(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	c := w.clock(w.matter("county"), notice, "2026-10-12", "city", access.Supervision)
	w.write(func(tx *ledger.Tx) error {
		if _, err := flow.Lock(ctx, tx, c.Matter); err != nil {
			return err
		}
		same, err := w.k.Reowe(ctx, tx, c, c.OwedBy, c.OwedRole, "")
		if err != nil || same.Entries != 1 {
			t.Errorf("nothing changed: %+v, %v", same, err)
		}
		c.Organ, c.County = w.Units["city"].ID, ""
		_, err = w.k.Reowe(ctx, tx, c, c.OwedBy, c.OwedRole, "named")
		if err != nil {
			return err
		}
		return w.App.Engine.Effects().After(ctx, tx, c.Matter)
	})
	if now := w.get(c); now.Organ != w.Units["city"].ID || now.County != "" || now.Entries != 2 {
		t.Errorf("stayed behind: %+v", now)
	}
	w.Verify()
}
