package app

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
)

// managing is the level that manages people of a rank, by the rulebook's word for it; what the nation manages is above
// every organ here.
var managing = map[string]int{"nation": -1, "province": access.Province, "city": access.City, "county": access.County, "township": access.Township}

// Directory is what the public side is given to know on a day: organs with the keys that things are sealed to, units to
// choose from, ranks, the periods that reporters are promised, and the notices of holidays that they are counted by. Nothing in it is secret, and nobody is named.
func (a *App) Directory(ctx context.Context, today calendar.Date) (envelope.Directory, error) {
	d := envelope.Directory{Version: envelope.Version, Made: today, Serial: int64(a.DB.Now())}
	cities, err := Tenants(ctx, a.DB)
	if err != nil {
		return d, err
	}
	for _, city := range cities {
		if err := a.listed(ctx, city, &d); err != nil {
			return d, err
		}
	}
	for _, r := range a.Rules.Ranks() {
		d.Ranks = append(d.Ranks, envelope.Rank{Code: r.Code, Name: map[string]string{locale.Zh: r.Name.In(locale.Zh), locale.En: r.Name.In(locale.En)}, Managed: managing[r.Managed]})
	}
	for _, p := range intake.Promises {
		t, ok := a.Rules.Timer(p.Rule, today)
		if !ok {
			continue
		}
		term := envelope.Term{What: p.What, Length: t.Length, Unit: t.Unit, Roll: t.Roll}
		if len(t.Basis) > 0 {
			term.Article = t.Basis[0].Reg + " " + t.Basis[0].Art
		}
		d.Terms = append(d.Terms, term)
	}
	d.Holidays, err = deadline.Notices(ctx, a.DB.Shared())
	return d, err
}

// listed adds a tenant's units, and its organs with their keys.
func (a *App) listed(ctx context.Context, city id.City, d *envelope.Directory) error {
	r := a.DB.In(city)
	units, err := access.Open(ctx, r)
	if err != nil {
		return err
	}
	for _, u := range units {
		if u.IsOrgan() {
			o := envelope.Organ{ID: u.ID, Name: u.Commission(), Place: u.Name, Short: u.Short, Level: u.Level, Above: id.ID{City: city, Key: u.Superior}}
			if u.Superior == "" {
				above, err := access.Above(ctx, r, u)
				if err != nil {
					return err
				}
				o.Above = above.ID
			}
			key, ok, err := custody.Current(ctx, r, u.ID)
			if err != nil {
				return err
			}
			if ok {
				o.Key = envelope.AddressKey{ID: key.ID, Public: key.Public}
			}
			d.Organs = append(d.Organs, o)
		}
		if u.Kind == "office" {
			continue // part of an organ, and no place that a reporter would look for
		}
		x := envelope.Unit{ID: u.ID, Name: u.Name, Organ: u.OrganID()}
		if u.Superior != "" {
			x.In = id.ID{City: city, Key: u.Superior}
		}
		d.Units = append(d.Units, x)
	}
	return nil
}
