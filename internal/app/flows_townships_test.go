package app_test

import (
	"qianshao/internal/app/apptest"
	"qianshao/internal/burden"
	"qianshao/internal/haves"
	"qianshao/internal/id"
	"qianshao/internal/org/callup"
)

// unlisted walks what a township was asked and is not on its account.
func (w *walk) unlisted() {
	who := map[string]string{"full": "officer", "headless": "hlofficer", "single": "lone"}[w.unit]
	report := func() id.ID {
		m, err := w.App.Burden.Report(apptest.Ctx, w.actors[who], burden.Unlisted{Asker: "某局", What: "报送台账", Minutes: 30, On: w.App.DB.Today()})
		w.must(err)
		w.look(m.Key, "")
		return m
	}
	w.make(report(), "enter", nil)
	w.make(report(), "stop", nil)
	m := report()
	w.make(m, "deny", nil)
	w.make(m, "reconsider", nil)
}

// gaps walks rounds of the six haves, and what a township lacks: one that it mends, one that the next check finds mended.
func (w *walk) gaps() {
	s, r := w.App.Haves, w.App.DB.In(apptest.City)
	chief, who := w.actors["principal"], w.actors[map[string]string{"full": "officer", "headless": "hlofficer", "single": "lone"}[w.unit]]
	l, err := s.Make(apptest.Ctx, chief, id.ID{}, "六有标准", false)
	w.must(err)
	w.must(s.Issue(apptest.Ctx, chief, l, 1))
	list, err := s.Get(apptest.Ctx, chief, l)
	w.must(err)
	town := w.Units[w.unit].ID.Key
	open := func() (id.ID, haves.Rating) {
		x, err := s.Open(apptest.Ctx, chief, "一轮", w.App.DB.Today().AddDays(20))
		w.must(err)
		part, _, err := s.RatingOf(apptest.Ctx, r, x.Key, town)
		w.must(err)
		w.look(part.ID.Key, "")
		return x, part
	}
	say := func(part haves.Rating, value, count string) {
		rated := map[string]haves.Said{}
		for _, y := range list.Lines {
			if y.Asked() {
				rated[y.Code] = haves.Said{Value: map[string]string{"yes": value, "number": count}[y.Kind]}
			}
		}
		w.must(s.Rate(apptest.Ctx, who, part.ID, w.Matter(part.ID).Version, rated))
		w.look(part.ID.Key, "")
	}
	x, part := open()
	say(part, "no", "0")
	w.make(part.ID, "check", nil)
	w.must(s.Close(apptest.Ctx, chief, x, 1))
	v, err := s.Town(apptest.Ctx, r, chief, x.Key, town)
	w.must(err)
	at := map[string]id.ID{}
	for _, g := range v.Gaps {
		at[g.Code] = g.ID
		w.look(g.ID.Key, "")
	}
	w.make(at["equipment.safe"], "budget", nil)
	for _, result := range []string{"unmet", "met"} {
		w.make(at["premises.office"], "mend", nil)
		w.make(at["premises.office"], "recheck", vals{"result": {result}})
	}
	w.On(w.App.DB.Today().AddDays(1)) // what was said before is of an earlier round
	x, part = open()
	w.make(part.ID, "say", nil)
	say(part, "yes", "99999")
	w.make(part.ID, "check", nil)
	w.look(at["equipment.safe"].Key, "")
	w.made["gap.found"] = w.Matter(at["equipment.safe"]).State == haves.Closed
	w.must(s.Close(apptest.Ctx, chief, x, 1))
	x, part = open()
	w.must(s.Close(apptest.Ctx, chief, x, 1))
	w.look(part.ID.Key, "")
}

// callups walks people called up: from where the unit heads itself, from where it does not, against its wish, and not at all.
func (w *walk) callups() {
	ask := func() id.ID {
		today := w.App.DB.Today()
		c, err := w.App.Callups.Ask(apptest.Ctx, w.actors["supervision"], callup.Request{To: w.Units["county.office2"].ID.Key, Reason: "核对账目。", From: today, Until: today.AddDays(10)})
		w.must(err)
		w.look(c.ID.Key, "")
		return c.ID
	}
	m := ask()
	w.make(m, "pick", nil)
	w.make(m, "take_back", nil)
	w.make(m, "pick", vals{"lead": {w.Who["handler"].Person}})
	w.make(m, "refuse", nil)
	w.make(m, "order", nil)
	w.make(m, "give_back", nil)
	m = ask()
	w.make(m, "pick", vals{"lead": {w.Who["handler"].Person}})
	w.make(m, "consent", nil)
	w.make(m, "extend", vals{"until": {string(w.App.DB.Today().AddDays(20))}})
	w.make(m, "give_back", nil)
	m = ask()
	w.make(m, "pick", vals{"lead": {w.Who["reviewer"].Person}}) // of the county itself, which no head of an office answers for
	w.make(m, "answer", nil)
	w.make(m, "give_back", nil)
	w.make(ask(), "cancel", nil)
}
