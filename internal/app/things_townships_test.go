package app_test

import (
	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/burden"
	"qianshao/internal/duty"
	"qianshao/internal/haves"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
)

// asked is something asked of a place's township, and something that its people say is not on its account.
func (w *furnished) asked(p place, out things) {
	w.t.Helper()
	town := w.Units[p.target]
	if p.target == "" || town.Kind != "township" && p.name != "elsewhere" {
		return
	}
	who := p.team[0]
	if p.name == "elsewhere" {
		who, town = "othersecretary", w.Units["othertown"]
	}
	asks, err := w.App.Burden.Enter(apptest.Ctx, w.As(p.pool), apptest.City, burden.NewAsk{What: "报送情况", Basis: "文号", Minutes: 30, Due: "2026-10-20", Towns: []id.Key{town.ID.Key}})
	w.must(err)
	out["ask"] = asks[0]
	out["unlisted"], err = w.App.Burden.Report(apptest.Ctx, w.As(who), burden.Unlisted{Asker: "某局", What: "报送台账", Minutes: 30, On: "2026-10-12"})
	w.must(err)
}

// lacking is a round of a place's county, its list, and what the check found that its township lacks.
func (w *furnished) lacking(p place, out things) {
	w.t.Helper()
	chief, who, town := "principal", p.team[0], w.Units[p.target]
	switch {
	case p.name == "elsewhere":
		chief, who, town = "otherprincipal", "othersecretary", w.Units["othertown"]
	case town.Kind != "township":
		return
	}
	s, r := w.App.Haves, w.App.DB.In(apptest.City)
	x, ok, err := s.Latest(apptest.Ctx, r, town.County)
	w.must(err)
	if !ok {
		l, err := s.Make(apptest.Ctx, w.As(chief), id.ID{}, "六有标准", false)
		w.must(err)
		w.must(s.Issue(apptest.Ctx, w.As(chief), l, 1))
		_, err = s.Open(apptest.Ctx, w.As(chief), "六有自评", "2026-10-30")
		w.must(err)
		x, _, err = s.Latest(apptest.Ctx, r, town.County)
		w.must(err)
	}
	out["round"], out["list"] = x.ID, id.ID{City: apptest.City, Key: x.List}
	l, err := s.Get(apptest.Ctx, w.As(chief), out["list"])
	w.must(err)
	rated, judged := map[string]haves.Said{}, map[string]haves.Judged{}
	for _, y := range l.Lines {
		if y.Asked() {
			rated[y.Code] = haves.Said{Value: map[string]string{"yes": "no", "number": "0"}[y.Kind]}
			judged[y.Code] = haves.Judged{Verdict: haves.Agrees}
		}
	}
	judged["rules.core"] = haves.Judged{Verdict: haves.NotYet} // so that the part stays with the county
	part, _, err := s.RatingOf(apptest.Ctx, r, x.ID.Key, town.ID.Key)
	w.must(err)
	out["rating"] = part.ID
	w.must(s.Rate(apptest.Ctx, w.As(who), part.ID, part.Version, rated))
	w.must(s.Check(apptest.Ctx, w.As(chief), part.ID, part.Version+1, judged))
	v, err := s.Town(apptest.Ctx, r, w.As(who), x.ID.Key, town.ID.Key)
	w.must(err)
	for _, g := range v.Gaps {
		if g.Owes == "township" {
			out["gap"] = g.ID
		}
	}
}

// dutyKinds are the matters about what a township's holders are made to do; they are the township's whoever handles the rest.
var dutyKinds = []string{"confirmation", "handback", "order", "deviation"}

// duties are what is filed of a township's holders and what came of it. Two places of one township have the same.
func (w *furnished) duties(p place, out things) {
	w.t.Helper()
	names := append([]string{"town", "checked", "duty", "task", "inspection"}, dutyKinds...)
	if first := w.things["office"]; p.name == "township" {
		for _, name := range names {
			out[name] = first[name]
		}
		return
	}
	town := w.Units[p.subject]
	seats, err := duty.Seats(apptest.Ctx, w.App.DB.In(apptest.City), town.ID.Key, "2026-10-12", "2026-10-12")
	w.must(err)
	key := func(k id.Key) id.ID { return id.ID{City: apptest.City, Key: k} }
	f, err := w.App.Duties.File(apptest.Ctx, w.As(p.pool), duty.Filing{Unit: town.ID.Key, Holding: seats[0].Holding, Kind: "project", What: "园区征地协调", Part: duty.PartMain, AssignedBy: duty.Committee(town), Paper: "党发〔2026〕3号",
		PaperOn: "2026-09-01", Hours: 10, From: "2026-09-01"})
	w.must(err)
	e, err := w.App.Duties.Enter(apptest.Ctx, w.As(p.pool), duty.Entry{Unit: town.ID.Key, Name: "专项监督", Work: "special", Part: duty.PartMain, Department: "财政所", GivenBy: duty.Committee(town), From: "2026-10-12"})
	w.must(err)
	b, err := w.App.Duties.Enter(apptest.Ctx, w.As(p.pool), duty.Entry{Unit: town.ID.Key, Name: "征地拆迁", Work: "land", Part: duty.PartLead, Department: "自然资源所", GivenBy: duty.Committee(town), From: "2026-10-12"})
	w.must(err)
	i, err := w.App.Duties.Inspect(apptest.Ctx, w.As(p.pool), duty.Inspection{Unit: town.ID.Key, On: "2026-10-12", Inspectors: "钟某", Looked: "值班表", Findings: []duty.Finding{{Duty: f.Duty, Found: "more", Note: "每周三天。"}}})
	w.must(err)
	x, _, err := w.App.Duties.GetInspection(apptest.Ctx, w.App.DB.In(apptest.City), w.As(p.pool), i)
	w.must(err)
	_, err = w.App.Ledger.Write(apptest.Ctx, access.ByProgram(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "confirmation.open", Organ: town.OrganID()}, w.App.Duties.OpenMonths(apptest.Ctx, tx, []access.Unit{town}, "2026-09")
	})
	w.must(err)
	m, _, err := duty.ToConfirm(apptest.Ctx, w.App.DB.In(apptest.City), town.ID.Key)
	w.must(err)
	out["checked"] = town.ID
	out["town"], out["duty"], out["task"], out["inspection"] = town.ID, key(f.Duty), key(e.Task), key(i)
	out["confirmation"], out["handback"], out["order"], out["deviation"] = m.Matter.ID, b.HandBack, f.Order, key(x.Findings[0].Deviation)
}
