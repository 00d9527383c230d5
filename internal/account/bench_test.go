package account_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

var ctx = context.Background()

const (
	first  = "发放的一次性口令 2026"
	second = "本人设置的口令 7391"
)

// bench is the small city with a way in.
type bench struct {
	*apptest.World
	s  *account.Service
	d  *db.DB
	id map[string]id.Key // accounts by person
}

// cheap is the default policy with hashes that cost nothing to speak of.
func cheap() account.Policy {
	p := account.DefaultPolicy()
	p.Cost = account.Cost{Memory: 64, Passes: 1, Lanes: 1}
	return p
}

// newBench builds the part of apptest's city that signs in. Its organs have no keys: to wrap those would cost more than
// all the rest.
func newBench(t *testing.T, d *db.DB, p account.Policy) *bench {
	t.Helper()
	w := &apptest.World{T: t, Now: time.Date(2026, 10, 12, 9, 0, 0, 0, calendar.Zone), Units: map[string]access.Unit{}, Who: map[string]apptest.Person{}}
	d.SetClock(func() time.Time { return w.Now })
	a, err := app.Build(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	w.App = a
	b := &bench{World: w, d: d, id: map[string]id.Key{}, s: &account.Service{Ledger: a.Ledger, Policy: p, Key: []byte(strings.Repeat("deployment key ", 3)),
		Site: account.Site{Name: "前哨", Host: "qianshao.example", Origins: []string{"https://qianshao.example"}}}}
	b.must(app.AddTenant(ctx, d, app.Tenant{City: apptest.City, Kind: "city", Name: "XX市", Code: "990100000000"}))
	for _, u := range [][4]string{{"city", "city", "XX市纪委监委", ""}, {"county", "county", "云渡县纪委监委", "city"}, {"other", "county", "白河县纪委监委", "city"},
		{"county.office1", "office", "第一纪检监察室", "county"}, {"county.office2", "office", "第二纪检监察室", "county"}, {"full", "township", "石桥镇", "county"},
		{"othertown", "township", "东坪镇", "other"}, {"village", "village", "上塘村", "full"}} {
		b.open(u[0], u[1], u[2], u[3])
	}
	for _, p := range [][4]string{{"cityleader", "安市", "vice", "city"}, {"principal", "严主任", "principal", "county"}, {"intake", "魏信", "intake_clerk", "county"},
		{"supervision", "陶管", "supervision_clerk", "county"}, {"head", "姜主任", "office_head", "county.office1"}, {"handler", "戚办", "investigator", "county.office1"},
		{"reviewer", "水审", "reviewer", "county"}, {"sysadmin", "章系", "sysadmin", "county"}, {"secadmin", "云安", "secadmin", "county"}, {"auditor", "苏计", "auditor", "county"},
		{"secretary", "潘书", "secretary", "full"}, {"officer", "奚干", "officer", "full"}, {"othersecretary", "马书", "secretary", "othertown"}, {"chief", "滕站", "station_chief", "village"}} {
		w.Hire(p[0], p[1], p[2], p[3])
	}
	return b
}

func (b *bench) open(key, kind, name, superior string) {
	b.T.Helper()
	_, err := b.App.Ledger.Write(ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		us, err := org.OpenUnits(ctx, tx, []org.NewUnit{{Kind: kind, Name: name, Superior: b.Units[superior], Opened: "2020-01-01"}})
		if err != nil {
			return ledger.Act{}, err
		}
		b.Units[key] = us[0]
		return ledger.Act{Action: "unit.open", Organ: us[0].OrganID()}, nil
	})
	b.must(err)
}

func (b *bench) must(err error) {
	b.T.Helper()
	if err != nil {
		b.T.Fatal(err)
	}
}

func (b *bench) code(err error, want string) {
	b.T.Helper()
	got := fault.Code(err)
	if f := fault.Fields(err); len(f) > 0 {
		got = f[0].Code
	}
	if err == nil || got != want {
		b.T.Errorf("got %v, want %s", err, want)
	}
}

// create makes an account as the system administrator does. The login is what the person is called in tests.
func (b *bench) create(who string) {
	b.T.Helper()
	key, err := b.s.Create(ctx, b.As("sysadmin"), account.NewAccount{Person: b.Who[who].Person, Login: who, Password: first})
	b.must(err)
	b.id[who] = key
}

// settle creates an account and lets the person set their own password; the session it returns may still owe a second
// factor.
func (b *bench) settle(who string) account.SignedIn {
	b.T.Helper()
	b.create(who)
	in, err := b.s.SignIn(ctx, who, first, "")
	b.must(err)
	b.must(b.s.ChangePassword(ctx, in.Token, first, second))
	return in
}

// enrol settles an account and sets up an authenticator: the session is whole then.
func (b *bench) enrol(who string) (in account.SignedIn, secret string, codes []string) {
	b.T.Helper()
	in = b.settle(who)
	e, err := b.s.EnrolTOTP(ctx, in.Token)
	b.must(err)
	codes, err = b.s.ConfirmTOTP(ctx, in.Token, b.totp(e.Secret))
	b.must(err)
	return in, e.Secret, codes
}

func (b *bench) totp(secret string) string {
	b.T.Helper()
	c, err := totp.GenerateCode(secret, b.Now)
	b.must(err)
	return c
}

func (b *bench) pass(d time.Duration) { b.Now = b.Now.Add(d) }

// due is what a session owes; "ended" when it is none.
func (b *bench) due(token string) string {
	b.T.Helper()
	who, ss, err := b.s.Actor(ctx, token)
	if fault.KindOf(err) == fault.Unauthenticated {
		return "ended"
	}
	b.must(err)
	if ss.Ready() != (len(who.Hats) > 0) {
		b.T.Errorf("due %q, yet the actor has %d hats", ss.Due, len(who.Hats))
	}
	return ss.Due
}

func (b *bench) dueIs(token, want string) {
	b.T.Helper()
	if got := b.due(token); got != want {
		b.T.Errorf("due %q, want %q", got, want)
	}
}

// acts lists the account acts of the city as text, oldest first.
func (b *bench) acts() []string {
	b.T.Helper()
	bodies, err := db.Column[[]byte](ctx, b.d.In(apptest.City), `SELECT body FROM acts WHERE city_id = $1 ORDER BY at, log_id, seq`)
	b.must(err)
	var out []string
	for _, x := range bodies {
		if strings.Contains(string(x), `"action":"account.`) {
			out = append(out, string(x))
		}
	}
	return out
}

type act struct {
	Action string         `json:"action"`
	About  string         `json:"about"`
	Params map[string]any `json:"params"`
	Actor  struct {
		Person string `json:"person"`
		Kind   string `json:"kind"`
	} `json:"actor"`
}

// last is the newest account act.
func (b *bench) last() act {
	b.T.Helper()
	all := b.acts()
	if len(all) == 0 {
		b.T.Fatal("no act about accounts")
	}
	var a act
	b.must(json.Unmarshal([]byte(all[len(all)-1]), &a))
	return a
}

func (b *bench) lastIs(action string) act {
	b.T.Helper()
	a := b.last()
	if a.Action != action {
		b.T.Errorf("the newest act is %s, want %s", a.Action, action)
	}
	return a
}

func (b *bench) count(action string) int {
	n := 0
	for _, x := range b.acts() {
		if strings.Contains(x, `"action":"`+action+`"`) {
			n++
		}
	}
	return n
}

// verify holds every covered row against its act.
func (b *bench) verify() {
	b.T.Helper()
	tables := app.Covered()
	for _, t := range account.Tables() {
		if !slices.ContainsFunc(tables, func(x *ledger.Table) bool { return x.Name == t.Name }) {
			tables = append(tables, t)
		}
	}
	r, err := ledger.Verify(ctx, b.d.In(apptest.City), tables, nil, nil)
	b.must(err)
	for _, f := range r.Findings {
		b.T.Errorf("verify: %+v", f)
	}
}

func (b *bench) one(text string, args ...any) (n int64) {
	b.T.Helper()
	b.must(b.d.In(apptest.City).Row(ctx, text, args...).Scan(&n))
	return n
}

// leave ends a holding as the personnel department does.
func (b *bench) leave(who string) {
	b.T.Helper()
	_, err := b.App.Ledger.Write(ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "holding.end", Organ: b.Units["county"].OrganID()}, b.App.Org.Leave(ctx, tx, b.Who[who].Holding, tx.Today(), leavingReason(b), "")
	})
	b.must(err)
}

func leavingReason(b *bench) string {
	for _, r := range []string{"selected", "promoted", "transferred", "retired", "other"} {
		if _, ok := b.App.Rules.Term("leaving_reason", r); ok {
			return r
		}
	}
	b.T.Fatal("no reason for leaving is known")
	return ""
}

// secondPost gives somebody another post and returns its holding.
func (b *bench) secondPost(who, kind, unit string) id.Key {
	b.T.Helper()
	var key id.Key
	_, err := b.App.Ledger.Write(ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		var err error
		key, err = appoint(tx, b, who, kind, unit)
		return ledger.Act{Action: "holding.begin", Organ: b.Units[unit].OrganID()}, err
	})
	b.must(err)
	return key
}

func together(n int, f func(i int) error) []error {
	errs := make([]error, n)
	start, done := make(chan struct{}), make(chan struct{})
	for i := range n {
		go func() {
			<-start
			errs[i] = f(i)
			done <- struct{}{}
		}()
	}
	close(start)
	for range n {
		<-done
	}
	return errs
}

func tally(errs []error) map[string]int {
	out := map[string]int{}
	for _, e := range errs {
		if e == nil {
			out["ok"]++
		} else {
			out[fault.Code(e)]++
		}
	}
	return out
}

func ExampleOneTime() {
	fmt.Println(len(account.OneTime()))
	// Output: 19
}
