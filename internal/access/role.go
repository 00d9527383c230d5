package access

import "slices"

// Role is what a post makes of its holder.
type Role string

// The roles. Deputy is the leader in charge at an organ (分管副书记), not a township commission's deputy secretary.
const (
	Intake      Role = "intake"      // 信访室
	Supervision Role = "supervision" // 案件监督管理室
	Handler     Role = "handler"     // 承办人
	Head        Role = "head"        // 室主任、乡镇纪委书记
	Review      Role = "review"      // 案件审理室
	ReviewHead  Role = "review_head"
	Deputy      Role = "deputy"
	Principal   Role = "principal" // 主要负责人
	Personnel   Role = "personnel" // 组织部
	Observer    Role = "observer"  // 对口监督检查室、上级指导
	Chief       Role = "chief"     // 联络站站长
	SysAdmin    Role = "sysadmin"
	SecAdmin    Role = "secadmin"
	Auditor     Role = "auditor"
	System      Role = "system" // the program itself
	Operator    Role = "operator"
)

// Perm is the name of a permission. Routes declare one; a test walks every route with every role.
type Perm string

// The permissions. Signed is what everybody has who is signed in.
const (
	Signed       Perm = "signed"
	TipoffRead   Perm = "tipoff.read"
	TipoffEnter  Perm = "tipoff.enter"
	LetterRead   Perm = "letter.read" // that letters wait, and what became of each; to open one is another
	AlertRead    Perm = "alert.read"  // that the watch over a reporter has noticed something
	ReporterOpen Perm = "reporter.open"
	ClueRead     Perm = "clue.read"
	ClueEnter    Perm = "clue.enter"
	ClueAssign   Perm = "clue.assign"
	CaseRead     Perm = "case.read"
	MatterMove   Perm = "matter.move"
	Approve      Perm = "approve"
	Urge         Perm = "urge"
	SuperiorRead Perm = "superior.read"
	MeasureRead  Perm = "measure.read"
	ReportRead   Perm = "report.read"
	PostRead     Perm = "post.read"   // which posts are owed to be filled, and whose years come to an end
	FilingRead   Perm = "filing.read" // what was filed for the register of officials
	RegisterFile Perm = "register.file"
	OrgRead      Perm = "org.read"
	OrgWrite     Perm = "org.write"
	Delegate     Perm = "delegate"
	ImportRows   Perm = "import"
	ExportRows   Perm = "export"
	RuleRead     Perm = "rule.read"
	RuleSet      Perm = "rule.set"
	AccountAdmin Perm = "account.admin"
	GrantAdmin   Perm = "grant.admin"
	Appoint      Perm = "appoint" // puts forward, confirms and ends holdings; it takes two people, one of them with grant.admin
	AuditRead    Perm = "audit.read"
	KeyHold      Perm = "key.hold"
	BurdenRead   Perm = "burden.read" // what townships are asked to do, and by whom
	BurdenAsk    Perm = "burden.ask"  // asks something of townships
	HaveRead     Perm = "have.read"
	HaveRun      Perm = "have.run"    // adopts lists of the six haves, opens rounds and checks what townships say; above the county, issues lists
	AreaWrite    Perm = "area.write"  // groups a county's townships, keeps its force formula
	CallupRead   Perm = "callup.read" // who is called up for what
	CallupAsk    Perm = "callup.ask"
	DutyRead     Perm = "duty.read"    // what post holders are made to do, what is handed back, what was found beside the filing
	DutyFile     Perm = "duty.file"    // enters the committee's own paper
	DutyTask     Perm = "duty.task"    // enters a task, or proposes to hand one back
	DutyInspect  Perm = "duty.inspect" // enters what an inspection on the spot found
	CheckRead    Perm = "check.read"   // what was looked at on the spot, and whom no check has reached
	CheckEnter   Perm = "check.enter"
)

// Read is a kind of matter and the permission to read it.
type Read struct {
	Kind string
	Perm Perm
}

// Reads says under which permission each kind of matter is read.
var Reads = []Read{{"tipoff", TipoffRead}, {"letter", LetterRead}, {"alert", AlertRead}, {"slip", TipoffRead}, {"clue", ClueRead}, {"case", CaseRead}, {"unlisted", BurdenRead}, {"gap", HaveRead}, {"rating", HaveRead}, {"callup", CallupRead},
	{"vacancy", PostRead}, {"rotation", PostRead}, {"filing", FilingRead},
	{"confirmation", DutyRead}, {"handback", DutyRead}, {"order", DutyRead}, {"deviation", DutyRead}}

// ReadOf is the permission to read a kind of matter.
func ReadOf(kind string) Perm {
	for _, r := range Reads {
		if r.Kind == kind {
			return r.Perm
		}
	}
	return ""
}

type reach int

const (
	overOrgan reach = iota
	overUnit
)

type right struct {
	perm  Perm
	reach reach
}

func organ(ps ...Perm) []right { return rights(overOrgan, ps) }
func unit(ps ...Perm) []right  { return rights(overUnit, ps) }

func rights(r reach, ps []Perm) []right {
	out := make([]right, len(ps))
	for i, p := range ps {
		out[i] = right{p, r}
	}
	return out
}

func join(rs ...[]right) []right {
	var out []right
	for _, r := range rs {
		out = append(out, r...)
	}
	return out
}

var everyone = organ(Signed, RuleRead)

// What each role may do. The three administrators see no matter, and no role of theirs overlaps another's acts.
var roleRights = map[Role][]right{
	Intake:      join(organ(TipoffRead, TipoffEnter, LetterRead, AlertRead, ReporterOpen, MatterMove, OrgRead, MeasureRead, KeyHold, SuperiorRead, BurdenRead, BurdenAsk)),
	Supervision: join(organ(ClueRead, ClueEnter, ClueAssign, CaseRead, MatterMove, Urge, OrgRead, MeasureRead, ReportRead, ImportRows, ExportRows, SuperiorRead, BurdenRead, BurdenAsk, HaveRead, CallupRead, CallupAsk, DutyRead, DutyFile, DutyTask, DutyInspect, CheckRead, CheckEnter)),
	Handler:     join(unit(ClueRead, CaseRead, MatterMove, OrgRead, MeasureRead, BurdenRead, HaveRead, CallupRead, FilingRead, RegisterFile, DutyRead, DutyTask, CheckRead, CheckEnter)),
	Head:        join(unit(ClueRead, CaseRead, MatterMove, Approve, OrgRead, MeasureRead, Delegate, BurdenRead, HaveRead, CallupRead, CallupAsk, FilingRead, RegisterFile, DutyRead, DutyTask, CheckRead, CheckEnter)),
	Review:      join(organ(CaseRead, MatterMove, OrgRead, MeasureRead)),
	ReviewHead:  join(organ(CaseRead, MatterMove, Approve, OrgRead, MeasureRead, Delegate)),
	Deputy:      join(organ(TipoffRead, ClueRead, CaseRead, MatterMove, Approve, Urge, OrgRead, MeasureRead, ReportRead, Delegate, SuperiorRead, ExportRows, BurdenRead, BurdenAsk, HaveRead, HaveRun, AreaWrite, CallupRead, CallupAsk, PostRead, FilingRead, DutyRead, DutyInspect, CheckRead, CheckEnter)),
	Principal:   join(organ(TipoffRead, ClueRead, CaseRead, MatterMove, Approve, Urge, OrgRead, MeasureRead, ReportRead, Delegate, SuperiorRead, RuleSet, ExportRows, BurdenRead, BurdenAsk, HaveRead, HaveRun, AreaWrite, CallupRead, CallupAsk, PostRead, FilingRead, DutyRead, CheckRead)),
	Personnel:   join(organ(OrgRead, OrgWrite, Appoint, MeasureRead, ReportRead, ImportRows, BurdenRead, BurdenAsk, HaveRead, HaveRun, AreaWrite, MatterMove, PostRead, FilingRead, RegisterFile, DutyRead, DutyFile, CheckRead)),
	Observer:    join(organ(ClueRead, CaseRead, OrgRead, MeasureRead, ReportRead, SuperiorRead, MatterMove, BurdenRead, BurdenAsk, HaveRead, HaveRun, DutyRead, CheckRead, CheckEnter)),
	Chief:       join(unit(OrgRead, FilingRead, RegisterFile)),
	SysAdmin:    organ(AccountAdmin),
	SecAdmin:    organ(GrantAdmin, Appoint),
	Auditor:     organ(AuditRead),
}

// Roles lists every role a post can give, for tests and the policy page.
func Roles() []Role {
	return []Role{Intake, Supervision, Handler, Head, Review, ReviewHead, Deputy, Principal, Personnel, Observer, Chief, SysAdmin, SecAdmin, Auditor}
}

// May says whether a role has a permission at all.
func (r Role) May(p Perm) bool {
	if r == System || r == Operator {
		return true
	}
	has := func(x right) bool { return x.perm == p }
	return slices.ContainsFunc(everyone, has) || slices.ContainsFunc(roleRights[r], has)
}

// PostKind says what kinds of post there are and what roles each gives. At is the kinds of unit where it may stand.
type PostKind struct {
	Kind  string
	Roles []Role
	At    []string
	Staff bool // counts as one of the commission's own people
}

// PostKinds is the closed list of kinds of post, in the order people expect them.
var PostKinds = []PostKind{
	{"principal", []Role{Principal}, []string{"province", "city", "county"}, true},
	{"vice", []Role{Deputy}, []string{"province", "city", "county"}, true},
	{"intake_clerk", []Role{Intake}, []string{"province", "city", "county"}, true},
	{"supervision_clerk", []Role{Supervision}, []string{"province", "city", "county"}, true},
	{"office_head", []Role{Head, Handler}, []string{"office"}, true},
	{"investigator", []Role{Handler}, []string{"office"}, true},
	{"review_head", []Role{Review, ReviewHead}, []string{"city", "county"}, true},
	{"reviewer", []Role{Review}, []string{"city", "county"}, true},
	{"personnel_clerk", []Role{Personnel}, []string{"city", "county"}, true},
	{"observer", []Role{Observer}, []string{"province", "city"}, true},
	{"secretary", []Role{Head, Handler}, []string{"township"}, true},
	{"deputy", []Role{Handler}, []string{"township"}, true},
	{"officer", []Role{Handler}, []string{"township"}, true},
	{"station_chief", []Role{Chief}, []string{"village"}, false},
	{"correspondent", nil, []string{"village"}, false},
	{"sysadmin", []Role{SysAdmin}, []string{"province", "city", "county"}, false},
	{"secadmin", []Role{SecAdmin}, []string{"province", "city", "county"}, false},
	{"auditor", []Role{Auditor}, []string{"province", "city", "county"}, false},
}

// KindOf finds a kind of post.
func KindOf(kind string) (PostKind, bool) {
	for _, k := range PostKinds {
		if k.Kind == kind {
			return k, true
		}
	}
	return PostKind{}, false
}

// kindsGiving lists the kinds of post that give a role.
func kindsGiving(r Role) []string {
	var out []string
	for _, k := range PostKinds {
		for _, x := range k.Roles {
			if x == r {
				out = append(out, k.Kind)
			}
		}
	}
	return out
}
