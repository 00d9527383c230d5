package exchange

import (
	"context"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// Statistics are counts that are not rows of the system: how many people an organ has on a day, authorised and actual,
// and how many a unit had under supervision before the reform.
var statisticColumns = []column{
	{"unit", true, []string{"单位代码", "单位名称", "乡镇"}},
	{"day", true, []string{"统计日期", "截至日期"}},
	{"authorised", false, []string{"编制数"}},
	{"actual", false, []string{"在编人数"}},
	{"base", false, []string{"监察对象基数"}},
	{"basis", false, nil},
}

type statistics struct {
	sizes map[string]org.Size
	bases map[string]org.Base
}

func loadStatistics(ctx context.Context, r db.Reader) (statistics, error) {
	st := statistics{map[string]org.Size{}, map[string]org.Base{}}
	sizes, err := db.All(ctx, r, func(rows *db.Rows) (x org.Size, err error) {
		return x, rows.Scan(&x.Unit, &x.On, &x.Authorised, &x.Actual)
	}, `SELECT unit_id, on_day, authorised, actual FROM organ_sizes WHERE city_id = $1`)
	if err != nil {
		return st, err
	}
	bases, err := db.All(ctx, r, func(rows *db.Rows) (x org.Base, err error) {
		return x, rows.Scan(&x.Unit, &x.On, &x.N, &x.Basis)
	}, `SELECT unit_id, on_day, n, basis FROM official_bases WHERE city_id = $1`)
	for _, x := range sizes {
		st.sizes[x.Unit+" "+string(x.On)] = x
	}
	for _, x := range bases {
		st.bases[x.Unit] = x
	}
	return st, err
}

func (s *Service) planStatistics(ctx context.Context, p *pass) (func(context.Context, *ledger.Tx) error, error) {
	st, err := loadStatistics(ctx, p.r)
	if err != nil {
		return nil, err
	}
	var newSizes, sizes []org.Size
	var newBases, bases []org.Base
	seen := map[string]bool{}
	for _, rec := range p.rows {
		f := &form{p: p, rec: rec}
		u, on := f.unit("unit", true), f.day("day", true)
		authorised, actual, base, basis := f.number("authorised"), f.number("actual"), f.number("base"), f.text("basis", false, 120)
		key := u.ID.Key + " " + string(on)
		if seen[key] {
			f.say("unit", "sheet.twice")
		}
		seen[key] = true
		hasSize, hasBase := rec.get("authorised") != "" || rec.get("actual") != "", rec.get("base") != ""
		if hasSize && (rec.get("authorised") == "" || rec.get("actual") == "") {
			f.say("actual", "sheet.both")
		}
		if !hasSize && !hasBase {
			f.say("actual", "required")
		}
		var ch []Changed
		act := Same
		if hasSize {
			was, ok := st.sizes[key]
			a := differ(&ch, "authorised", number(was.Authorised, ok), strconv.Itoa(authorised))
			b := differ(&ch, "actual", number(was.Actual, ok), strconv.Itoa(actual))
			switch x := (org.Size{Unit: u.ID.Key, On: on, Authorised: authorised, Actual: actual}); {
			case len(f.bad) > 0:
			case !ok:
				newSizes, act = append(newSizes, x), New
			case a || b:
				sizes, act = append(sizes, x), Change
			}
		}
		if hasBase {
			was, ok := st.bases[u.ID.Key]
			x := org.Base{Unit: u.ID.Key, On: on, N: base, Basis: basis}
			differ(&ch, "base", number(was.N, ok), strconv.Itoa(base))
			switch {
			case len(f.bad) > 0:
			case !ok:
				newBases, act = append(newBases, x), New
			case was != x:
				differ(&ch, "day", string(was.On), string(on))
				differ(&ch, "basis", was.Basis, basis)
				bases = append(bases, x)
				if act == Same {
					act = Change
				}
			}
		}
		f.done(act, u.Name, ch)
	}
	return func(ctx context.Context, tx *ledger.Tx) error {
		if err := org.SetSizes(ctx, tx, newSizes); err != nil {
			return err
		}
		if err := org.SetBases(ctx, tx, newBases); err != nil {
			return err
		}
		for _, x := range sizes {
			if err := org.AmendSize(ctx, tx, x); err != nil {
				return err
			}
		}
		for _, x := range bases {
			if err := org.AmendBase(ctx, tx, x); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// number is a number that may not be there.
func number(n int, ok bool) string {
	if !ok {
		return ""
	}
	return strconv.Itoa(n)
}

func (s *Service) exportStatistics(ctx context.Context, r db.Reader, who access.Actor, _ string, row func([]string) error) error {
	x, err := loadUnits(ctx, r, who)
	if err != nil {
		return err
	}
	st, err := loadStatistics(ctx, r)
	if err != nil {
		return err
	}
	days, err := db.Column[calendar.Date](ctx, r, `SELECT on_day FROM organ_sizes WHERE city_id = $1 UNION SELECT on_day FROM official_bases WHERE city_id = $1 ORDER BY 1`)
	if err != nil {
		return err
	}
	for _, u := range x.sorted("city", "county", "township", "village", "department") {
		for _, on := range days {
			size, hasSize := st.sizes[u.ID.Key+" "+string(on)]
			base, hasBase := st.bases[u.ID.Key]
			hasBase = hasBase && base.On == on
			if !hasSize && !hasBase {
				continue
			}
			if !hasBase {
				base.Basis = ""
			}
			if err := row([]string{x.label(u), string(on), number(size.Authorised, hasSize), number(size.Actual, hasSize), number(base.N, hasBase), base.Basis}); err != nil {
				return err
			}
		}
	}
	return nil
}
