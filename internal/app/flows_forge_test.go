package app_test

import (
	"maps"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/org/callup"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/db"
)

// forged tries a move that would be made, with one thing in it that is not as it should be, each in turn: every time it is
// refused for that very thing, and nothing is written.
func (d *driver) forged(x flow.Matter, who string, mv *flow.Move, fields []flow.Field, in vals) {
	d.t.Helper()
	before := d.digest()
	name := x.Kind + "." + mv.Name
	try := func(who string, version int64, in vals) error {
		_, err := d.App.Engine.Do(apptest.Ctx, d.actors[who], x.ID, version, mv.Name, in)
		return err
	}
	for _, v := range []int64{x.Version - 1, x.Version + 1, 0} {
		if err := try(who, v, in); fault.Code(err) != "stale" {
			d.t.Errorf("%s on version %d of %d: %v", name, v, x.Version, err)
		}
	}
	for _, k := range []string{"othersupervision", "otherintake", "othersecretary", "otherprincipal", "sysadmin", "cityorg"} {
		want := fault.NotFound
		if k == "cityorg" && d.actors[k].Can(access.ReadOf(x.Kind)) { // of what is above the county some see, and may do nothing about it
			want = fault.Forbidden
		}
		if err := try(k, x.Version, in); fault.KindOf(err) != want {
			d.t.Errorf("%s made by %s: %v", name, k, err)
		}
	}
	may := d.may(x, mv)
	for _, k := range d.people {
		if !slices.Contains(may, k) && d.actors[k].Unit().OrganID() == d.actors[who].Unit().OrganID() {
			if kind := fault.KindOf(try(k, x.Version, in)); kind != fault.Forbidden && kind != fault.NotFound {
				d.t.Errorf("%s made by %s: kind %v", name, k, kind)
			}
		}
	}
	for _, f := range fields {
		for value, code := range d.wrong(x, f, in) {
			bad := vals{}
			maps.Copy(bad, in)
			bad[f.Name] = []string{value}
			if f.Kind == flow.People || f.Kind == flow.Choices {
				bad[f.Name] = append(slices.Clone(in[f.Name][1:]), value) // all the others are as they should be
			}
			if value == "" {
				bad[f.Name] = nil
			}
			err := try(who, x.Version, bad)
			if !slices.ContainsFunc(fault.Fields(err), func(b fault.Field) bool { return b.Name == f.Name && b.Code == code }) {
				d.t.Errorf("%s with %s %.40q: %v, want %s", name, f.Name, value, err, code)
			}
		}
	}
	if now := d.digest(); !maps.Equal(now, before) {
		for table, n := range now {
			if n != before[table] {
				d.t.Errorf("forged %s: %s had %d rows, now %d, or others", name, table, before[table].Rows, n.Rows)
			}
		}
	}
}

// digest is what stands in every table, for every fourth move; for the others, and on a server, where reading all of it
// takes long, how many acts there are, for no row changes without one.
func (d *driver) digest() map[string]backup.Sum {
	d.t.Helper()
	if d.App.DB.Engine == db.SQLite && len(d.made)%4 == 0 {
		return everything(d.t, d.App.DB)
	}
	var n int64
	d.must(d.App.DB.In(apptest.City).Row(apptest.Ctx, `SELECT COUNT(1) FROM acts a WHERE a.city_id = $1`).Scan(&n))
	return map[string]backup.Sum{"acts": {Rows: n}}
}

// wrong lists what may not stand in a field, and what is said about it.
func (d *driver) wrong(x flow.Matter, f flow.Field, in vals) map[string]string {
	out := map[string]string{}
	if f.Must {
		out[""] = "required"
	}
	const none = "01JZZZZZZZZZZZZZZZZZZZZZZZ"
	unknown := func(vs ...string) {
		for _, v := range vs {
			out[v] = "choice.unknown"
		}
	}
	person := func(ks ...string) {
		for _, k := range ks {
			unknown(d.Who[k].Person)
		}
	}
	switch f.Kind {
	case flow.Line, flow.Para:
		out["字\x00"], out["字\u202e"] = "text.control", "text.control"
		out[strings.Repeat("字", f.Limit()+1)] = "text.long"
	case flow.Day:
		out["2026-02-30"], out["昨天"] = "day.invalid", "day.invalid"
		if f.Future {
			out[string(x.Received.AddDays(-1))] = "day.past"
			break
		}
		if f.Future {
			out[string(d.App.DB.Today().AddDays(-1))] = "day.past"
			break
		}
		out[string(d.App.DB.Today().AddDays(1))] = "day.future"
		out[string(x.Received.AddDays(-1))] = "day.before_receipt"
	case flow.Choice, flow.Choices:
		if len(in[f.Name]) > 0 {
			unknown("forged", none, x.ID.Key, x.ID.String())
			unknown(f.Not...)
		}
	case flow.Person, flow.People:
		unknown(none, "forged", d.Units["full"].ID.Key)
		person("othersecretary", "otherprincipal", "province", "cityoffice", "principal", "sysadmin")
		if f.Of == callup.People { // anybody of the county's, but its leaders
			person("deputy")
			break
		}
		person("intake")
		for _, town := range []string{"full", "headless", "single"} {
			if d.Units[town].ID != x.Handler {
				person(map[string]string{"full": "officer", "headless": "hlofficer", "single": "lone"}[town])
			}
		}
		if f.Of == "reviewers" {
			person("handler", "supervision")
		}
	case flow.UnitRef:
		unknown(none, "forged")
		for _, u := range []string{"othertown", "other.office1", "other", "village", "county", "city", "province"} {
			unknown(d.Units[u].ID.Key, d.Units[u].ID.String())
		}
	}
	return out
}
