package app_test

import (
	"strconv"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/duty"
	"qianshao/internal/id"
)

// duties walks what the unit's holders are made to do: months, hand-backs, orders, what was found beside the filing.
func (w *walk) duties() {
	town, s := w.Units[w.unit].ID.Key, w.App.Duties
	clerk := w.actors["supervision"]
	seats, err := duty.Seats(apptest.Ctx, w.read(w.Units[w.unit].ID), town, w.App.DB.Today(), w.App.DB.Today())
	w.must(err)
	saw := func(m id.ID, move string) {
		w.look(m.Key, "")
		w.made[move] = true
	}
	n := 0
	file := func(kind string) duty.Filed {
		n++
		f, err := s.File(apptest.Ctx, clerk, duty.Filing{Unit: town, Holding: seats[0].Holding, Kind: kind, What: "工作" + strconv.Itoa(n), Part: duty.PartMain, AssignedBy: "党委", Paper: "党发〔2026〕3号",
			PaperOn: w.App.DB.Today(), Hours: 8, From: w.App.DB.Today()})
		w.must(err)
		if !f.Order.Zero() {
			w.look(f.Order.Key, "")
		}
		return f
	}
	tend := func() { w.must(s.Tend(apptest.Ctx, apptest.City)) }

	f := file("project")
	w.make(f.Order, "issue", nil)
	w.On(w.Matter(f.Order).Due.AddDays(1))
	tend()
	saw(f.Order, "order.overdue")
	w.make(f.Order, "talk", nil)
	w.make(f.Order, "correct", nil)
	f = file("project")
	w.make(f.Order, "lift", nil)
	f = file("project")
	w.must(s.End(apptest.Ctx, clerk, f.Duty, w.App.DB.Today()))
	saw(f.Order, "order.settle")

	back := func() id.ID {
		n++
		e, err := s.Enter(apptest.Ctx, clerk, duty.Entry{Unit: town, Name: "业务" + strconv.Itoa(n), Work: "land", Part: duty.PartLead, Department: "自然资源所", GivenBy: "党委", From: w.App.DB.Today()})
		w.must(err)
		w.look(e.HandBack.Key, "")
		return e.HandBack
	}
	b := back()
	w.make(b, "send", nil)
	w.make(b, "refuse", nil)
	w.make(b, "decide", vals{"decision": {"insist"}})
	w.make(b, "receive", nil)
	w.make(b, "verify", vals{"result": {"back"}})
	w.make(b, "send", nil)
	w.make(b, "receive", nil)
	w.make(b, "verify", vals{"result": {"stays"}})
	w.make(b, "creep", nil)
	w.make(b, "send", nil)
	w.On(w.Matter(b).Due.AddDays(1))
	tend()
	saw(b, "handback.rise")
	w.make(b, "decide", vals{"decision": {"keep"}})
	w.make(back(), "withdraw", nil)

	look := func(f duty.Finding) id.ID {
		n++
		key, err := s.Inspect(apptest.Ctx, clerk, duty.Inspection{Unit: town, On: w.App.DB.Today(), Inspectors: "钟某", Looked: "值班表" + strconv.Itoa(n), Findings: []duty.Finding{f}})
		w.must(err)
		x, _, err := s.GetInspection(apptest.Ctx, w.read(w.Units[w.unit].ID), clerk, key)
		w.must(err)
		m := id.ID{City: apptest.City, Key: x.Findings[0].Deviation}
		w.look(m.Key, "")
		return m
	}
	v := look(duty.Finding{Found: "unfiled", Note: "统计报表"})
	w.make(v, "answer", nil)
	w.make(v, "judge", vals{"holds": {"explained"}})
	f = file("other")
	v = look(duty.Finding{Duty: f.Duty, Found: "more"})
	w.make(v, "answer", nil)
	w.make(v, "judge", vals{"holds": {"order"}})
	f = file("other")
	v = look(duty.Finding{Duty: f.Duty, Found: "ended"})
	w.must(s.End(apptest.Ctx, clerk, f.Duty, w.App.DB.Today()))
	saw(v, "deviation.settle")

	month := func(ahead int) id.ID {
		d := w.App.DB.Today()
		w.On(calendar.MakeDate(d.Year(), d.Month(), 1).AddMonths(ahead))
		tend()
		m, _, err := duty.ToConfirm(apptest.Ctx, w.read(w.Units[w.unit].ID), town)
		w.must(err)
		w.look(m.Matter.ID.Key, "")
		return m.Matter.ID
	}
	w.make(month(1), "confirm", nil)
	missed := month(1)
	month(1)
	saw(missed, "confirmation.miss")
}
