// Package apptest builds a small city for tests: one county with its leaders, offices and three townships, one of them
// complete, one without a secretary, one with a single person; a second county; a province above.
package apptest

import (
	"context"
	"io"
	"maps"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
)

// The tenants of the test city.
const (
	Province = id.City(1)
	City     = id.City(2)

	// Passphrase opens every organ's key.
	Passphrase = "一句足够长的测试口令 2026"
)

// Secret is Passphrase, as keys are wrapped under it.
var Secret = seal.Secret{Passphrase: Passphrase}

// World is a small city and the people in it, by what they are called in tests.
type World struct {
	T     testing.TB
	App   *app.App
	Now   time.Time
	Units map[string]access.Unit
	Who   map[string]Person

	private map[id.Key]string // the organs' keys in the clear, for Unlock
	Log     io.Writer         // of the pages; nil: nowhere
}

// Person is somebody who can act.
type Person struct {
	Name    string
	Person  id.Key
	Holding id.Key
	City    id.City
}

// Ctx is the context tests use.
var Ctx = context.Background()

// New builds the city in a database. Its clock stands at 2026-10-12 09:00, a Monday.
func New(t testing.TB, d *db.DB) *World {
	t.Helper()
	w := &World{T: t, Now: time.Date(2026, 10, 12, 9, 0, 0, 0, calendar.Zone), Units: map[string]access.Unit{}, Who: map[string]Person{}}
	d.SetClock(func() time.Time { return w.Now })
	cityMu.Lock()
	same := city
	if same == nil {
		defer cityMu.Unlock() // the others wait for it
	} else {
		cityMu.Unlock()
		w.must(same.into(d))
		w.Units, w.Who, w.private = maps.Clone(same.units), maps.Clone(same.who), maps.Clone(same.private)
	}
	a, err := app.Build(Ctx, d)
	w.must(err)
	w.App = a
	made, private := len(w.private), ""
	a.Custody.Make = func(suite string, s seal.Secret) (string, string, string, error) {
		made++
		k, err := sameKey(made, suite, s)
		private = k.private
		return k.private, k.public, k.wrapped, err
	}
	if same != nil {
		return w
	}
	w.must(app.AddTenant(Ctx, d, app.Tenant{City: Province, Kind: "province", Name: "某省", Code: "990000000000"}))
	w.must(app.AddTenant(Ctx, d, app.Tenant{City: City, Kind: "city", Name: "XX市", Above: Province, Code: "990100000000"}))
	w.unit(Province, "province", "province", "某省", "990000000000", "")
	w.unit(City, "city", "city", "XX市", "990100000000", "")
	for _, c := range []struct{ key, name, short, code string }{{"county", "云渡县", "云渡", "990101000000"}, {"other", "白河县", "白河", "990102000000"}} {
		w.unit(City, c.key, "county", c.name, c.code, "city")
		w.unit(City, c.key+".office1", "office", "第一纪检监察室", "", c.key)
		w.unit(City, c.key+".office2", "office", "第二纪检监察室", "", c.key)
	}
	w.unit(City, "full", "township", "石桥镇", "990101001000", "county")
	w.unit(City, "headless", "township", "柏岭乡", "990101002000", "county")
	w.unit(City, "single", "township", "柳湾乡", "990101003000", "county")
	w.unit(City, "othertown", "township", "东坪镇", "990102001000", "other")
	w.unit(City, "village", "village", "上塘村", "990101001201", "full")
	for _, p := range []struct{ key, name, kind, unit string }{
		{"province", "何省", "observer", "province"}, {"cityleader", "安市", "vice", "city"}, {"citychief", "金市", "principal", "city"}, {"cityoffice", "洪室", "observer", "city"}, {"cityorg", "秦组", "personnel_clerk", "city"},
		{"cityintake", "尤访", "intake_clerk", "city"},
		{"principal", "严主任", "principal", "county"}, {"deputy", "华副", "vice", "county"}, {"intake", "魏信", "intake_clerk", "county"}, {"supervision", "陶管", "supervision_clerk", "county"},
		{"head", "姜主任", "office_head", "county.office1"}, {"handler", "戚办", "investigator", "county.office1"}, {"handler2", "谢办", "investigator", "county.office1"},
		{"head2", "邹主任", "office_head", "county.office2"}, {"handler3", "喻办", "investigator", "county.office2"},
		{"reviewhead", "柏审", "review_head", "county"}, {"reviewer", "水审", "reviewer", "county"}, {"reviewer2", "窦审", "reviewer", "county"},
		{"sysadmin", "章系", "sysadmin", "county"}, {"secadmin", "云安", "secadmin", "county"}, {"auditor", "苏计", "auditor", "county"},
		{"secretary", "潘书", "secretary", "full"}, {"twpdeputy", "葛副", "deputy", "full"}, {"officer", "奚干", "officer", "full"},
		{"hldeputy", "范副", "deputy", "headless"}, {"hlofficer", "彭干", "officer", "headless"},
		{"lone", "郎书", "secretary", "single"},
		{"otherprincipal", "鲁主", "principal", "other"}, {"othersupervision", "韦管", "supervision_clerk", "other"}, {"otherintake", "昌访", "intake_clerk", "other"}, {"othersecretary", "马书", "secretary", "othertown"},
	} {
		w.Hire(p.key, p.name, p.kind, p.unit)
	}
	w.private = map[id.Key]string{}
	// From below: none is copied to the organ above, which has no key yet; a database of before there were copies has none.
	for _, k := range []string{"other", "county", "city", "province"} {
		w.must(a.Custody.MakeKey(Ctx, access.ByOperator(w.Units[k].ID.City), w.Units[k], Secret))
		w.private[w.Units[k].ID.Key] = private
	}
	city, err = w.keep()
	w.must(err)
	return w
}

func (w *World) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

func (w *World) unit(city id.City, key, kind, name, code, superior string) {
	w.T.Helper()
	_, err := w.App.Ledger.Write(Ctx, access.ByOperator(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
		n := org.NewUnit{Kind: kind, Code: code, Name: name, Superior: w.Units[superior], Opened: "2020-01-01"}
		if kind == "county" {
			n.Short = name[:6]
		}
		if kind == "township" {
			n.Office = w.Units[superior+".office1"].ID.Key
		}
		us, err := org.OpenUnits(Ctx, tx, []org.NewUnit{n})
		if err != nil {
			return ledger.Act{}, err
		}
		w.Units[key] = us[0]
		return ledger.Act{Action: "unit.open", Organ: us[0].OrganID()}, nil
	})
	w.must(err)
}

// Hire sets up a post and puts a new person into it.
func (w *World) Hire(key, name, kind, unit string) { w.hire(key, Person{Name: name}, kind, unit) }

// Again sets up another post and puts somebody into it who has one already; under the new key they act in the new one.
func (w *World) Again(key, who, kind, unit string) { w.hire(key, w.Who[who], kind, unit) }

func (w *World) hire(key string, who Person, kind, unit string) {
	w.T.Helper()
	u := w.Units[unit]
	_, err := w.App.Ledger.Write(Ctx, access.ByOperator(u.ID.City), u.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		p, err := who.Person, error(nil)
		if p == "" {
			p, err = org.AddPerson(Ctx, tx, org.NewPerson{Name: who.Name, Born: "1985-03"})
		}
		if err != nil {
			return ledger.Act{}, err
		}
		post, err := org.OpenPost(Ctx, tx, u, kind, kind, true, "2020-01-01")
		if err != nil {
			return ledger.Act{}, err
		}
		h, err := org.Appoint(Ctx, tx, org.Appointment{Post: post, Person: p, From: "2023-01-01", FullTime: true})
		w.Who[key] = Person{Name: who.Name, Person: p, Holding: h, City: u.ID.City}
		return ledger.Act{Action: "holding.begin", Organ: u.OrganID()}, err
	})
	w.must(err)
}

// As is a person as they are today.
func (w *World) As(key string) access.Actor {
	w.T.Helper()
	p, ok := w.Who[key]
	if !ok {
		w.T.Fatalf("nobody is called %s", key)
	}
	a, err := access.Load(Ctx, w.App.DB.In(p.City), p.Person, p.Holding, w.App.DB.Today())
	w.must(err)
	return a
}

// On moves the clock to nine o'clock on a day.
func (w *World) On(d calendar.Date) {
	w.Now = time.Date(d.Year(), time.Month(d.Month()), d.Day(), 9, 0, 0, 0, calendar.Zone)
}

// Matter reads a matter as the program sees it.
func (w *World) Matter(m id.ID) flow.Matter {
	w.T.Helper()
	x, err := flow.Get(Ctx, w.App.DB.In(m.City), access.ByProgram(m.City), m.Key)
	w.must(err)
	return x
}

// Do makes a move as somebody, with the version there is, and must succeed.
func (w *World) Do(who string, m id.ID, move string, in flow.Values) flow.Done {
	w.T.Helper()
	d, err := w.Try(who, m, move, in)
	if err != nil {
		w.T.Fatalf("%s: %s: %v", who, move, err)
	}
	return d
}

// Try makes a move and returns what came of it.
func (w *World) Try(who string, m id.ID, move string, in flow.Values) (flow.Done, error) {
	w.T.Helper()
	return w.App.Engine.Do(Ctx, w.As(who), m, w.Matter(m).Version, move, in)
}

// Approve signs whatever waits on a matter, as somebody.
func (w *World) Approve(who string, m id.ID) flow.Done {
	w.T.Helper()
	d, err := w.Decide(who, m, flow.Decision{Approve: true})
	if err != nil {
		w.T.Fatalf("%s approves: %v", who, err)
	}
	return d
}

// Decide decides the open proposal of a matter.
func (w *World) Decide(who string, m id.ID, dec flow.Decision) (flow.Done, error) {
	w.T.Helper()
	ps, err := flow.Proposals(Ctx, w.App.DB.In(m.City), m.Key)
	w.must(err)
	for _, p := range ps {
		if p.State == "open" {
			return w.App.Engine.Decide(Ctx, w.As(who), p.ID, w.Matter(m).Version, dec)
		}
	}
	w.T.Fatalf("nothing waits on %s", m)
	return flow.Done{}, nil
}

// Verify checks every log and covered row of the city.
func (w *World) Verify() {
	w.T.Helper()
	for _, c := range []id.City{Province, City} {
		r, err := ledger.Verify(Ctx, w.App.DB.In(c), app.Covered(), nil, nil)
		w.must(err)
		for _, f := range r.Findings {
			w.T.Errorf("verify: %+v", f)
		}
		bad, err := measure.CheckSplits(Ctx, w.App.DB.In(c), app.Splits())
		w.must(err)
		for _, cell := range bad {
			w.T.Errorf("a cell of splits is not what its rows make: %s", cell)
		}
	}
}
