package deadline

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Retime applies the versions of rules that have come into force to the clocks of a tenant that run under an older one,
// each version as its transition says (D18): switch counts the clock anew under it; lighter does so only where that
// gives the later day, which is the more lenient to the person concerned; keep leaves the clock as it is. Until
// somebody runs it every clock stays under the version it began with. What has fired by then stays a fact; under the
// new day the new version's warnings come.
func (k *Keeper) Retime(ctx context.Context, l *ledger.Ledger, who access.Actor, city id.City, fx Effects) (int, error) {
	if err := mayTend(ctx, l.DB.In(city), who); err != nil {
		return 0, err
	}
	r := k.retime(city)
	r.who, r.fx = who, fx
	return k.run(ctx, l, r)
}

// Retiming is what Retime makes of a clock: the version and the day it gets.
type Retiming struct {
	Clock   Clock // as it stands
	Version string
	Due     calendar.Date
}

// Retimes lists what Retime would do to the clocks of a tenant now. It writes nothing.
func (k *Keeper) Retimes(ctx context.Context, r db.Reader) ([]Retiming, error) {
	var out []Retiming
	plan := k.retime(r.City())
	err := pages(ctx, r, plan, func(need []Clock) error {
		for _, c := range need {
			es, err := Entries(ctx, r, c.ID.Key)
			if err != nil {
				return err
			}
			x := Retiming{c, c.Version, c.Due}
			for _, s := range plan.plan(c, es, r.Now().Date()) {
				es = append(es, s.entry)
				x.Version, x.Due = s.clock.Version, Compute(k.rule(s.clock), es, k.Calendar()).Due
			}
			out = append(out, x)
		}
		return nil
	})
	return out, err
}

// retime is the run of Retime over a tenant.
func (k *Keeper) retime(city id.City) run {
	versions := map[string][]rulebook.Timer{}
	for _, t := range k.Rules.Timers() {
		versions[t.ID] = append(versions[t.ID], t)
	}
	rules := []string{}
	for rule, ts := range versions {
		slices.SortFunc(ts, func(a, b rulebook.Timer) int { return strings.Compare(string(a.From), string(b.From)) })
		if len(ts) > 1 {
			rules = append(rules, rule)
		}
	}
	slices.Sort(rules)
	return run{city: city, days: span{"0001-01-01", "9999-12-31"}, rules: rules, action: "clock.retime", params: map[string]any{},
		plan: func(c Clock, es []Entry, today calendar.Date) []step {
			return k.retimed(c, es, versions[c.Rule], today)
		}}
}

// retimed lays out what the later versions of its rule make of a clock.
func (k *Keeper) retimed(c Clock, es []Entry, versions []rulebook.Timer, today calendar.Date) []step {
	own := slices.IndexFunc(versions, func(t rulebook.Timer) bool { return t.Version == c.Version })
	if own < 0 {
		return nil // Strangers names it
	}
	var out []step
	now := versions[own]
	// A length set for this clock alone is no rule's; a new version does not take it away.
	alone := slices.ContainsFunc(es, func(e Entry) bool { return e.Kind == Retargeted })
	for _, t := range versions[own+1:] {
		if t.From > today || t.Transition != rulebook.Switch && t.Transition != rulebook.Lighter {
			continue
		}
		next := c
		next.Version, next.Hash, next.Length, next.Unit, next.Legal = t.Version, t.Hash(), t.Length, t.Unit, t.Legal
		if c.Length != now.Length && t.Unit == now.Unit {
			// The county's own length, as long as the new version leaves room for it.
			if own, err := t.Adjust(c.Length); err == nil {
				next.Length = own.Length
			}
		}
		e := Entry{Kind: Recomputed, On: today, Length: next.Length, Unit: next.Unit, Reason: t.ID + " " + t.Version}
		if alone {
			e.Length, e.Unit = 0, ""
		}
		more := append(slices.Clip(es), e)
		if t.Transition == rulebook.Lighter && Compute(k.rule(next), more, k.Calendar()).Due <= Compute(k.rule(c), es, k.Calendar()).Due {
			continue
		}
		out = append(out, step{next, e})
		c, es, now = next, more, t
	}
	return out
}

// Strangers lists the versions of rules that running clocks of a tenant rest on and the rulebook does not hold, or
// holds with another content: such clocks would be counted wrongly, and a start that finds one should say so.
func (k *Keeper) Strangers(ctx context.Context, r db.Reader) ([]string, error) {
	held, err := db.All(ctx, r, func(rows *db.Rows) (v [3]string, err error) { return v, rows.Scan(&v[0], &v[1], &v[2]) },
		`SELECT DISTINCT c.rule, c.version, c.hash FROM clocks c WHERE c.city_id = $1 AND c.state IN ('open', 'paused') ORDER BY 1, 2, 3`)
	var out []string
	for _, v := range held {
		if t, ok := k.Rules.TimerVersion(v[0], v[1]); !ok || t.Hash() != v[2] {
			out = append(out, strings.Join(v[:], " "))
		}
	}
	return out, err
}
