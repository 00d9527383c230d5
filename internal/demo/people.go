package demo

import (
	"fmt"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
)

// The staffing that the roster comes to on the last day (contract.md, "Demo"): of 480 posts in 160 townships 455 are
// held; each of 25 townships lacks one. Of the 140 secretaries 42 are newcomers and 45 have served two years; of the
// others 100 have. The measures count these rows; nothing else is written down.
const (
	noSecretary, noDeputy, noOfficer = 20, 1, 4
	newSecretaries, oldSecretaries   = 42, 45
	oldOthers                        = 50 // of the deputies, and as many of the officers
)

// worker is one of the commission's people in a post.
type worker struct {
	name   string
	kind   string
	unit   access.Unit
	seat   org.Seated
	full   bool
	from   calendar.Date
	actor  access.Actor
	loaded bool
	leaves calendar.Date // as is planned; "" never
}

// seatPlan is a post with who holds it first and what changes while the city lives.
type seatPlan struct {
	in      org.NewSeat
	next    *org.NewPerson // who follows
	on      calendar.Date  // from this day
	leave   calendar.Date  // the first one leaves; "" never
	reason  string
	leaveTo string
}

func (b *builder) born(months int) string {
	d := b.o.Today.AddMonths(-months)
	return string(d)[:7]
}

func (b *builder) newPerson(ageMonths, before int) *org.NewPerson {
	return &org.NewPerson{Name: personName(b.r), Born: b.born(ageMonths), DisciplineMonths: before}
}

// people sets up every post and fills it as it was filled on the first day.
func (b *builder) people() error {
	opened := calendar.Date("2012-01-01")
	long := b.start.AddMonths(-20)
	var plans []seatPlan
	add := func(u access.Unit, kind, title string, established bool) {
		plans = append(plans, seatPlan{in: org.NewSeat{Unit: u, Kind: kind, Title: title, Established: established, Opened: opened, Holder: b.newPerson(340+b.r.IntN(220), 24+b.r.IntN(120)),
			From: long.AddDays(-b.r.IntN(700)), FullTime: true}})
	}
	add(b.province, "principal", "省纪委监委主要负责人", true)
	add(b.province, "vice", "省纪委副书记", true)
	add(b.province, "observer", "监督检查室干部", true)
	add(b.province, "intake_clerk", "信访室干部", true)
	organ := func(u access.Unit, level string, city bool) {
		add(u, "principal", level+"纪委书记、监委主任", true)
		for range 2 {
			add(u, "vice", level+"纪委副书记、监委副主任", true)
			add(u, "intake_clerk", "信访室干部", true)
			add(u, "supervision_clerk", "案件监督管理室干部", true)
		}
		add(u, "review_head", "案件审理室主任", true)
		for range 3 {
			add(u, "reviewer", "案件审理室干部", true)
		}
		add(u, "personnel_clerk", "组织部干部", true)
		if city {
			add(u, "observer", "第一监督检查室干部", true)
			add(u, "sysadmin", "系统管理员", false)
			add(u, "secadmin", "安全保密管理员", false)
			add(u, "auditor", "安全审计员", false)
		}
	}
	organ(b.city, "市", true)
	for _, c := range b.counties {
		organ(c.unit, "县", false)
		for _, o := range c.offices {
			add(o, "office_head", "主任", true)
			for range 3 {
				add(o, "investigator", "纪检监察员", true)
			}
		}
	}
	plans = append(plans, b.townshipSeats()...)
	for _, c := range b.counties {
		for _, t := range c.townships {
			for _, v := range t.villages {
				add(v, "station_chief", "廉情联络站站长", false)
			}
		}
	}
	b.r.Shuffle(len(plans), func(i, j int) { plans[i], plans[j] = plans[j], plans[i] })
	for _, city := range []id.City{Province, City} {
		var in []org.NewSeat
		var mine []seatPlan
		for _, p := range plans {
			if p.in.Unit.ID.City == city {
				in, mine = append(in, p.in), append(mine, p)
			}
		}
		var seated []org.Seated
		err := b.act(city, "roster.import", access.Unit{}, map[string]any{"posts": len(in)}, func(tx *ledger.Tx) (err error) {
			seated, err = org.OpenSeats(b.ctx, tx, in)
			return err
		})
		if err != nil {
			return err
		}
		for i, s := range seated {
			p := mine[i]
			w := &worker{name: p.in.Holder.Name, kind: p.in.Kind, unit: p.in.Unit, seat: s, full: p.in.FullTime, from: p.in.From}
			b.sit(w)
			if p.leave != "" {
				b.planChange(w, p)
			}
		}
	}
	return nil
}

func (b *builder) sit(w *worker) {
	b.byPerson[w.seat.Person] = w
	b.staff[w.unit.ID.Key] = append(b.staff[w.unit.ID.Key], w)
}

// townshipSeats plans the three posts of every township: who held them on the first day, who took over and when, and
// which are empty on the last.
func (b *builder) townshipSeats() []seatPlan {
	order := b.r.Perm(townshipsAll)
	short := map[int]string{}
	for i, n := range order[:noSecretary+noDeputy+noOfficer] {
		switch {
		case i < noSecretary:
			short[n] = "secretary"
		case i < noSecretary+noDeputy:
			short[n] = "deputy"
		default:
			short[n] = "officer"
		}
	}
	var out []seatPlan
	ages := b.ages(townshipsAll - noSecretary)
	held := map[string]int{}
	titles := map[string]string{"secretary": "纪委书记", "deputy": "纪委副书记", "officer": "纪检干部"}
	for _, c := range b.counties {
		for _, t := range c.townships {
			for _, kind := range org.Establishment {
				p := seatPlan{in: org.NewSeat{Unit: t.unit, Kind: kind, Title: titles[kind], Established: true, Opened: "2016-01-01"}}
				// Whom the register finds in the post on the first day, and since when.
				p.in.From = b.start.AddDays(-30 - b.r.IntN(500))
				p.in.Holder = b.newPerson(330+b.r.IntN(140), b.r.IntN(40))
				p.in.FullTime = b.fullTime(kind)
				p.reason, p.leaveTo = b.leaving(kind)
				if short[t.n] == kind {
					p.leave = b.o.Today.AddDays(-40 - b.r.IntN(330))
					out = append(out, p)
					continue
				}
				age := 300 + b.r.IntN(260)
				if kind == "secretary" {
					age = ages[held[kind]]
				}
				days, before := b.service(kind, held[kind])
				held[kind]++
				from := b.o.Today.AddDays(-days)
				if from <= b.start {
					p.in.From, p.in.Holder = from, b.newPerson(age, before)
				} else {
					p.leave, p.on, p.next = from.AddDays(-b.r.IntN(20)), from, b.newPerson(age, before)
				}
				out = append(out, p)
			}
		}
	}
	return out
}

// service is how long the n-th holder of a kind of post has been in it, in days, and what discipline work they brought,
// in months: so many newcomers, so many with two years and more, the rest between.
func (b *builder) service(kind string, n int) (days, before int) {
	fresh, old := newSecretaries, oldSecretaries
	if kind != "secretary" {
		fresh, old = 45, oldOthers
	}
	switch {
	case n < fresh:
		return 25 + b.r.IntN(310), 0
	case n < fresh+old && n%3 != 0:
		return 760 + b.r.IntN(600), b.r.IntN(30)
	case n < fresh+old:
		return 60 + b.r.IntN(300), 26 + b.r.IntN(60)
	}
	return 380 + b.r.IntN(320), 0
}

// ages of secretaries, in months: on both sides of 32 alike, so that the mean is there.
func (b *builder) ages(n int) []int {
	out := make([]int, 0, n)
	for len(out) < n {
		off := b.r.IntN(96)
		out = append(out, 384-off, 384+off)
	}
	out = out[:n]
	b.r.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func (b *builder) fullTime(kind string) bool {
	switch kind {
	case "secretary":
		return b.r.IntN(10) < 9
	case "deputy":
		return b.r.IntN(10) < 3
	}
	return b.r.IntN(10) < 4
}

func (b *builder) leaving(kind string) (reason, to string) {
	if kind == "secretary" && b.r.IntN(2) == 0 {
		return "promoted_county", pick(b.r, []string{"县农业农村局", "县乡村振兴局", "县纪委监委", "县委组织部", "县发展和改革局"})
	}
	return pick(b.r, []string{"transferred", "transferred", "rotated", "promoted_county", "other"}), ""
}

// planChange plans that somebody leaves and, if there is one, that the next comes.
func (b *builder) planChange(w *worker, p seatPlan) {
	w.leaves = p.leave
	b.at(b.hour(b.workday(p.leave)), func() error {
		clerk := b.find(access.Personnel, b.countyOf(w.unit))
		b.follow(w.unit)
		if err := b.app.Org.LeavePost(b.ctx, b.as(clerk), id.ID{City: City, Key: w.seat.Holding}, org.Leaving{On: b.today(), Reason: p.reason, To: p.leaveTo, Paper: b.agreed(p.reason)}); err != nil {
			return err
		}
		b.out.Acts++
		b.stand(w)
		if p.next != nil {
			b.after(max(1, p.on.Sub(p.leave)*2/3), max(1, p.on.Sub(p.leave)*2/3), func() error { return b.succeed(w, p) })
		}
		b.left = true
		return nil
	})
}

// agreed is the number under which the county commission agreed to somebody's move.
func (b *builder) agreed(reason string) string {
	if t, ok := b.app.Rules.Term("leaving_reason", reason); !ok || t.Attrs["consent"] == "" {
		return ""
	}
	return fmt.Sprintf("县纪干〔%d〕%d号", b.today().Year(), 1+b.out.Acts%90)
}

// follow has vacancies open and close with what happens in the first county only: of the others nobody opens what is past, and the
// sweep of the last day opens what is vacant then.
func (b *builder) follow(u access.Unit) {
	b.app.Org.Seats = nil
	if b.countyOf(u) == b.counties[0].unit.ID.Key {
		b.app.Org.Seats = b.app.Staffing
	}
}

// succeed appoints the next one to a post.
func (b *builder) succeed(w *worker, p seatPlan) error {
	clerk := b.as(b.find(access.Personnel, b.countyOf(w.unit)))
	b.follow(w.unit)
	n := &worker{name: p.next.Name, kind: w.kind, unit: w.unit, full: b.fullTime(w.kind), from: b.today()}
	_, err := b.app.Ledger.Write(b.ctx, clerk, City, func(tx *ledger.Tx) (ledger.Act, error) {
		person, err := org.AddPerson(b.ctx, tx, *p.next)
		if err != nil {
			return ledger.Act{}, err
		}
		h, err := org.Appoint(b.ctx, tx, org.Appointment{Post: w.seat.Post, Person: person, From: n.from, FullTime: n.full})
		n.seat = org.Seated{Post: w.seat.Post, Person: person, Holding: h}
		if err == nil && b.app.Org.Seats != nil {
			err = b.app.Org.Seats.Changed(b.ctx, tx, w.seat.Post)
		}
		return ledger.Act{Action: "holding.begin", Organ: clerk.Unit().OrganID(), About: "holding/" + h, Params: map[string]any{"unit": w.unit.ID.String(), "kind": w.kind}}, err
	})
	b.out.Acts++
	b.sit(n)
	return err
}

// stand takes a worker out of the staff.
func (b *builder) stand(w *worker) {
	delete(b.byPerson, w.seat.Person)
	list := b.staff[w.unit.ID.Key]
	for i, x := range list {
		if x == w {
			b.staff[w.unit.ID.Key] = append(list[:i:i], list[i+1:]...)
		}
	}
}

func (b *builder) countyOf(u access.Unit) id.Key {
	if u.County != "" {
		return u.County
	}
	return b.city.ID.Key
}

// as is a worker as the program knows them when they act.
func (b *builder) as(w *worker) access.Actor {
	if !w.loaded {
		a, err := access.Load(b.ctx, b.app.DB.In(w.unit.ID.City), w.seat.Person, w.seat.Holding, b.today())
		if err != nil {
			panic(fmt.Sprintf("demo: %s %s: %v", w.unit.Name, w.name, err)) // somebody who left was asked to act
		}
		w.actor, w.loaded = a, true
	}
	return w.actor
}

// hands lists who gives a role at a unit: an organ's roles at the organ and in its offices.
func (b *builder) hands(role access.Role, unit id.Key) []*worker {
	var out []*worker
	for _, w := range b.staff[unit] {
		if gives(w, role) {
			out = append(out, w)
		}
	}
	return out
}

func gives(w *worker, role access.Role) bool {
	k, _ := access.KindOf(w.kind)
	for _, r := range k.Roles {
		if r == role {
			return true
		}
	}
	return false
}

// find is somebody who gives a role at a unit, nil if nobody does.
func (b *builder) find(role access.Role, unit id.Key, without ...id.Key) *worker {
	var may []*worker
	for _, w := range b.hands(role, unit) {
		out := false
		for _, p := range without {
			out = out || p == w.seat.Person
		}
		if !out {
			may = append(may, w)
		}
	}
	if len(may) == 0 {
		return nil
	}
	return pick(b.r, may)
}

// signIns names the sign-ins: the first county's people, a second county, the city and the province.
func (b *builder) signIns() {
	take := func(name string, role access.Role, unit access.Unit) {
		if w := b.find(role, unit.ID.Key); w != nil {
			b.logins = append(b.logins, login{name, unit.ID.City, w.seat.Person})
		}
	}
	c, other := b.counties[0], b.counties[1]
	var whole []*township
	for _, t := range c.townships {
		if len(b.staff[t.unit.ID.Key]) == len(org.Establishment) {
			whole = append(whole, t)
		}
	}
	take("station", access.Chief, whole[0].villages[0])
	for _, w := range b.staff[whole[0].unit.ID.Key] {
		switch w.kind {
		case "officer":
			b.logins = append(b.logins, login{"officer", City, w.seat.Person})
		case "deputy":
			b.logins = append(b.logins, login{"twpdeputy", City, w.seat.Person})
		}
	}
	take("township", access.Head, whole[0].unit)
	take("neighbour", access.Head, whole[1].unit)
	take("intake", access.Intake, c.unit)
	take("supervision", access.Supervision, c.unit)
	take("head", access.Head, c.offices[0])
	for _, w := range b.staff[c.offices[0].ID.Key] {
		if w.kind == "investigator" {
			b.logins = append(b.logins, login{"investigator", City, w.seat.Person})
			break
		}
	}
	for _, w := range b.staff[c.unit.ID.Key] {
		if w.kind == "reviewer" {
			b.logins = append(b.logins, login{"reviewer", City, w.seat.Person})
			break
		}
	}
	take("reviewhead", access.ReviewHead, c.unit)
	take("deputy", access.Deputy, c.unit)
	take("leader", access.Principal, c.unit)
	take("personnel", access.Personnel, c.unit)
	take("othercounty", access.Supervision, other.unit)
	take("otherleader", access.Principal, other.unit)
	take("cityorg", access.Personnel, b.city)
	take("cityoffice", access.Observer, b.city)
	take("citychief", access.Principal, b.city)
	take("province", access.Observer, b.province)
	take("sysadmin", access.SysAdmin, b.city)
	take("secadmin", access.SecAdmin, b.city)
	take("auditor", access.Auditor, b.city)
}
