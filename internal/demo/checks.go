package demo

import (
	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/ledger"
	"qianshao/internal/supervise"
)

// What is looked at in villages and townships, and what it comes to, in the order of their turn.
var (
	looks = []struct{ field, what string }{
		{"assets", "集体收支凭证和合同台账"}, {"benefits", "低保、临时救助公示和发放表"}, {"open", "村务公开栏和四议两公开记录"}, {"conduct", "节日值班在岗情况"},
		{"works", "小型工程验收资料"}, {"decisions", "秸秆禁烧部署落实情况"}, {"land", "征地补偿款发放表"},
	}
	results = []string{"none", "none", "mended", "none", "none", "none", "goes", "none", "none"}
)

// looked is a check of a unit: the n-th, so that nothing is drawn.
func looked(u access.Unit, on calendar.Date, n int, who string) supervise.Check {
	x := looks[n%len(looks)]
	kinds := map[string][][]string{"village": {{"c5"}}, "township": {{"c1", "c2"}, {"c1"}, {"c4"}, {"c1", "c3", "c6"}}, "county": {{"c1"}, {"c2", "c3"}}}[u.Kind]
	return supervise.Check{Unit: u.ID.Key, On: on, Kind: []string{"daily", "daily", "special", "political"}[n%4], Field: x.field, Looked: x.what, Checkers: who, Result: results[n%len(results)], Reached: kinds[n%len(kinds)]}
}

// checks are those of the first county over the year, each entered after the day: four villages of five, and what the county looked at.
func (b *builder) checks() {
	c := b.counties[0]
	enter := func(by func() *worker, u access.Unit, ago, n int) {
		day := b.workday(b.o.Today.AddDays(-ago))
		b.on(day, 17, func() error {
			w := by()
			if w == nil {
				return nil
			}
			_, err := b.app.Supervise.Enter(b.ctx, b.as(w), looked(u, day, n, w.name))
			_, err = b.took("check.enter", err)
			return err
		})
	}
	for i, t := range c.townships {
		for j, v := range t.villages {
			if (i+j)%5 != 4 && i != len(c.townships)-1 { // one township has not begun
				enter(func() *worker { return b.oneAt(access.Handler, t.unit) }, v, 9+(i*37+j*53)%320, i+j)
			}
		}
		enter(func() *worker { return b.oneAt(access.Handler, t.unit) }, t.unit, 12+(i*29)%200, i)
		if i%3 != 2 {
			enter(func() *worker { return b.oneAt(access.Supervision, c.unit) }, t.unit, 20+(i*41)%280, i+2)
		}
	}
}

// elsewhere puts in what the other counties had in their own books: fewer, and not everywhere.
func (b *builder) elsewhere() error {
	for n, c := range b.counties[1:] {
		var in []supervise.Check
		for i, t := range c.townships {
			add := func(u access.Unit, ago, k int, by access.Unit) {
				x := looked(u, b.workday(b.o.Today.AddDays(-ago)), k, "按县里台账补录")
				x.By = by.ID.Key
				in = append(in, x)
			}
			for j, v := range t.villages {
				if (i*7+j*3+n)%10 < 5+n%4 {
					add(v, 14+(i*31+j*47+n*13)%340, i+j+n, t.unit)
				}
			}
			add(t.unit, 15+(i*43+n*7)%300, i+n, c.unit)
		}
		err := b.act(City, "check.import", c.unit, map[string]any{"checks": len(in)}, func(tx *ledger.Tx) error {
			_, err := supervise.Add(b.ctx, tx, in)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
