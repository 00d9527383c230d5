package demo

import (
	"fmt"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
)

// subject is somebody of the register whom a report may be about.
type subject struct {
	official id.Key
	unit     access.Unit
	town     *township
	name     string
	post     string
	rank     string
	category string
	party    bool
	chief    bool
}

// The growth of the register: what it holds against what was under supervision before the supervision system's reform.
const (
	reformDay  = calendar.Date("2017-12-31")
	reformBase = "监察体制改革试点前行政监察对象统计"
	grown      = 1.96 // times as many now
)

type job struct {
	post, rank, category string
	n                    int
	party                int // of ten
	chief                bool
}

var townshipJobs = []job{
	{"党委书记", "section", "c1", 1, 10, true}, {"党委副书记、镇长", "section", "c1", 1, 10, false}, {"人大主席", "section", "c1", 1, 10, false},
	{"党委委员、武装部部长", "deputy_section", "c1", 1, 10, false}, {"副镇长", "deputy_section", "c1", 4, 9, false}, {"党委委员、组织委员", "deputy_section", "c1", 1, 10, false},
	{"农业综合服务中心主任", "staff", "c2", 1, 9, false}, {"社会事务办公室主任", "staff", "c1", 1, 9, false}, {"财政所所长", "staff", "c1", 1, 9, false},
	{"村镇建设服务中心主任", "staff", "c2", 1, 8, false}, {"民政办公室干部", "staff", "c1", 3, 6, false}, {"党政综合办公室干部", "staff", "c1", 6, 7, false},
	{"乡村振兴办公室干部", "staff", "c1", 5, 6, false}, {"综合行政执法队队员", "staff", "c2", 7, 5, false}, {"便民服务中心工作人员", "staff", "c2", 5, 4, false},
	{"中心学校校长", "staff", "c4", 2, 9, false}, {"学校教师（负责财务、采购）", "staff", "c4", 62, 4, false}, {"卫生院院长", "staff", "c4", 1, 9, false},
	{"卫生院科室负责人", "staff", "c4", 16, 4, false}, {"供销合作社负责人", "staff", "c3", 3, 5, false}, {"受委托从事公务人员", "staff", "c6", 14, 3, false},
}

var villageJobs = []job{
	{"党支部书记、村委会主任", "village", "c5", 1, 10, false}, {"村委会副主任", "village", "c5", 1, 9, false}, {"村会计", "village", "c5", 1, 6, false},
	{"村委会委员", "village", "c5", 2, 6, false}, {"村务监督委员会主任", "village", "c5", 1, 8, false},
}

var countyJobs = []job{
	{"局长", "section", "c1", 32, 10, false}, {"副局长", "deputy_section", "c1", 90, 9, false}, {"股长", "staff", "c1", 120, 8, false}, {"干部", "staff", "c1", 190, 6, false},
	{"事业单位工作人员", "staff", "c2", 110, 4, false}, {"国有企业负责人", "staff", "c3", 40, 8, false}, {"医院科室主任", "staff", "c4", 60, 6, false}, {"中学副校长", "staff", "c4", 30, 9, false},
}

// register puts everybody under supervision into the register, county by county, and writes what it is compared with.
func (b *builder) register() error {
	var bases []org.Base
	for _, c := range b.counties {
		var in []org.NewOfficial
		var who []subject
		add := func(u access.Unit, t *township, jobs []job) {
			for _, j := range jobs {
				for range j.n {
					o := org.NewOfficial{Unit: u, Name: personName(b.r), Post: j.post, Rank: j.rank, Category: j.category, PartyMember: b.r.IntN(10) < j.party, Chief: j.chief,
						From: reformDay.AddDays(90 + b.r.IntN(700))}
					in = append(in, o)
					who = append(who, subject{unit: u, town: t, name: o.Name, post: o.Post, rank: o.Rank, category: o.Category, party: o.PartyMember, chief: o.Chief})
				}
			}
		}
		add(c.unit, nil, countyJobs)
		for _, t := range c.townships {
			add(t.unit, t, townshipJobs)
			for _, v := range t.villages {
				add(v, t, villageJobs)
			}
		}
		number(in, c.unit.Code)
		var keys []id.Key
		err := b.act(City, "register.import", c.unit, map[string]any{"officials": len(in)}, func(tx *ledger.Tx) (err error) {
			keys, err = org.AddOfficials(b.ctx, tx, in)
			return err
		})
		if err != nil {
			return err
		}
		for i, k := range keys {
			who[i].official = k
		}
		c.subjects = who
		bases = append(bases, org.Base{Unit: c.unit.ID.Key, On: reformDay, N: int(float64(len(in)) / grown), Basis: reformBase})
	}
	return b.act(City, "register.base", access.Unit{}, map[string]any{"units": len(bases)}, func(tx *ledger.Tx) error { return org.SetBases(b.ctx, tx, bases) })
}

// number gives those who are called alike in one unit the numbers that tell them apart, as a county's own register would:
// a table of them could not be taken in elsewhere without.
func number(in []org.NewOfficial, county string) {
	alike := map[[2]string]int{}
	for _, o := range in {
		alike[[2]string{o.Unit.ID.Key, o.Name}]++
	}
	for i, o := range in {
		if alike[[2]string{o.Unit.ID.Key, o.Name}] > 1 {
			in[i].OutsideNo = fmt.Sprintf("%s%05d", county, i+1)
		}
	}
}

// finish writes what the personnel clerks have gathered of the townships by the last day: how strong the organs are,
// what the commission's people do besides, which work groups there are and who heads them. Then it makes the sign-ins.
func (b *builder) finish() error {
	var sizes []org.Size
	var duties []org.NewDuty
	var groups []org.NewGroup
	on := b.o.Today.AddDays(-20)
	for _, c := range b.counties {
		for _, t := range c.townships {
			authorised := 34 + b.r.IntN(16)
			actual := authorised - b.r.IntN(9) + 1
			sizes = append(sizes, org.Size{Unit: t.unit.ID.Key, On: on, Authorised: authorised, Actual: actual})
			head := id.Key("")
			for _, w := range b.staff[t.unit.ID.Key] {
				duties = append(duties, b.dutiesOf(t, w)...)
				if w.kind == "secretary" {
					head = w.seat.Holding
				}
			}
			groups = append(groups, b.groupsOf(t, head, on)...)
		}
	}
	err := b.act(City, "staffing.import", access.Unit{}, map[string]any{"duties": len(duties), "groups": len(groups)}, func(tx *ledger.Tx) error {
		if err := org.SetSizes(b.ctx, tx, sizes); err != nil {
			return err
		}
		if err := org.AddDuties(b.ctx, tx, duties); err != nil {
			return err
		}
		return org.AddGroups(b.ctx, tx, groups)
	})
	if err != nil {
		return err
	}
	b.signIns()
	return b.accounts()
}

func (b *builder) dutiesOf(t *township, w *worker) []org.NewDuty {
	var out []org.NewDuty
	add := func(kind, what, by string, hours int, village id.Key) {
		out = append(out, org.NewDuty{Unit: t.unit.ID.Key, Holding: w.seat.Holding, Kind: kind, What: what, AssignedBy: by, Hours: hours, Village: village, From: max(w.from, b.o.Today.AddMonths(-18))})
	}
	if w.kind != "officer" && b.r.IntN(40) > 0 {
		v := pick(b.r, t.villages)
		add("village", "驻点联系"+v.Name, "乡镇党委", 6+b.r.IntN(8), v.ID.Key)
	}
	switch {
	case w.kind == "secretary":
		for _, what := range []string{"重点项目征地协调", "招商引资包联", "信访维稳包案"} {
			if b.r.IntN(3) == 0 {
				add("project", what, "乡镇党委", 4+b.r.IntN(8), "")
			}
		}
	case !w.full || b.r.IntN(3) == 0:
		add("portfolio", pick(b.r, []string{"党政办公室文稿", "乡村振兴专班", "人居环境整治", "防火防汛值守", "社会事务窗口", "统计报表"}), "乡镇党委", 10+b.r.IntN(15), "")
		if b.r.IntN(8) == 0 {
			add("secondment", "抽调县级专项工作组", "县委组织部", 20+b.r.IntN(20), "")
		}
	}
	return out
}

// workGroups are work groups of townships, and whose duty their work is.
var workGroups = []struct{ name, office string }{
	{"人居环境整治工作领导小组", "乡村振兴办公室"}, {"重点项目推进工作领导小组", "经济发展办公室"}, {"巩固拓展脱贫攻坚成果工作领导小组", "乡村振兴办公室"}, {"防汛抗旱工作领导小组", "应急管理办公室"},
	{"森林防灭火工作领导小组", "应急管理办公室"}, {"安全生产工作领导小组", "应急管理办公室"}, {"信访维稳工作领导小组", "平安法治办公室"}, {"农村集体“三资”监管工作领导小组", "财政所"},
	{"高标准农田建设工作领导小组", "农业综合服务中心"}, {"耕地保护工作领导小组", "自然资源所"}, {"招商引资工作专班", "经济发展办公室"}, {"殡葬改革工作专班", "公共服务办公室"},
}

// groupsOf are a township's work groups. In most of them the secretary stands at the head of what others answer for.
func (b *builder) groupsOf(t *township, head id.Key, on calendar.Date) []org.NewGroup {
	var out []org.NewGroup
	for _, i := range b.r.Perm(len(workGroups))[:6+b.r.IntN(5)] {
		g := org.NewGroup{Unit: t.unit.ID.Key, Name: workGroups[i].name, SetUpBy: t.unit.Name + "党委", Responsible: workGroups[i].office, Role: "part", From: on.AddMonths(-3 - b.r.IntN(20))}
		if head != "" && b.r.IntN(10) < 8 {
			g.Head, g.Role = head, pick(b.r, []string{"lead", "main", "main"})
		}
		out = append(out, g)
	}
	return out
}
