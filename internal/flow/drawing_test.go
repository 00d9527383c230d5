package flow_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/locale"
	"qianshao/internal/rulebook"
)

// drawnOn is the day whose rules docs/flows.md shows.
const drawnOn = calendar.Date("2026-01-01")

// drawing is docs/flows.md while it is written.
type drawing struct {
	strings.Builder
	rules *rulebook.Book
	tab   *flow.Table
}

func zh(key string, args ...string) string { return locale.T(locale.Zh, key, args...) }

func draw(a *app.App) string {
	d := &drawing{rules: a.Rules}
	d.line("# 办理流程")
	d.line("")
	d.line("Drawn from the tables of moves and the rulebook by `go test ./internal/flow -update`; never edit it by hand.")
	d.line("")
	d.line("- 图中只画状态之间的变化；办完仍停在原状态的步骤只列在表里。提请、批准、退回之间的待审批状态另有签批期限。")
	d.line("- 期限为规则手册默认值，“可定”的由本县在括号内的范围中另定；“法定”的逾期自动报上一级，“首次”的只能以受理、不予受理、转送或者并件停止。")
	d.line("- 依据后的字是把握程度：原文已核、见于解读、未核对、本县规定，取规则手册各处引用同一条文时最弱的一处；“未标注”是规则手册别处没有引用过这一条。")
	d.line("- 必填中带括号的，只在括号内的情形下填写。审批按先后取第一个相符的情形。")
	for _, tab := range tables(a) {
		d.tab = tab
		d.line("")
		d.line("## %s（%s）", zh("kind."+tab.Kind), tab.Kind)
		d.diagram()
		d.states()
		d.moves()
	}
	return d.String()
}

func (d *drawing) line(format string, args ...any) {
	if len(args) == 0 {
		d.WriteString(format + "\n")
		return
	}
	fmt.Fprintf(d, format+"\n", args...)
}

// row writes a line of a table; nothing in a cell may end it.
func (d *drawing) row(cells ...string) {
	for i, c := range cells {
		c = strings.NewReplacer("|", "\\|", "\n", " ").Replace(c)
		if c == "" {
			c = "—"
		}
		cells[i] = c
	}
	d.line("%s", "| "+strings.Join(cells, " | ")+" |")
}

func (d *drawing) state(name string) string { return zh("state." + d.tab.Kind + "." + name) }
func (d *drawing) move(m *flow.Move) string { return zh("move." + d.tab.Kind + "." + m.Name) }

func (d *drawing) diagram() {
	d.line("")
	d.line("```mermaid")
	d.line("stateDiagram-v2")
	d.line("    direction TB")
	for _, s := range d.tab.States {
		d.line("    state \"%s (%s)\" as %s", d.state(s.Name), s.Name, s.Name)
	}
	d.line("    [*] --> %s", d.tab.States[0].Name)
	type way struct{ from, to string }
	var order []way
	labels := map[way][]string{}
	for _, e := range edges(d.tab) {
		if e.from == e.to || e.move.Retired {
			continue
		}
		text := d.move(e.move) + " (" + e.move.Name + ")"
		switch e.how {
		case "propose":
			text = "提请：" + text
		case "return":
			text = "退回或者撤回"
		case "approve":
			text = "批准：" + d.move(e.move)
		}
		if e.choice != "" {
			f, _ := field(e.move, e.move.Fork.Field)
			text += "（" + d.choice(f, e.choice) + "）"
		}
		w := way{e.from, e.to}
		if labels[w] == nil {
			order = append(order, w)
		}
		if !slices.Contains(labels[w], text) {
			labels[w] = append(labels[w], text)
		}
	}
	for _, w := range order {
		d.line("    %s --> %s : %s", w.from, w.to, strings.Join(labels[w], "，"))
	}
	for _, s := range d.tab.States {
		if s.End {
			d.line("    %s --> [*]", s.Name)
		}
	}
	d.line("```")
}

func (d *drawing) states() {
	d.line("")
	d.line("### 状态")
	d.line("")
	d.row("代码", "名称", "环节", "期限、由谁承担", "依据")
	d.row("---", "---", "---", "---", "---")
	for _, s := range d.tab.States {
		name := d.state(s.Name)
		if s.End {
			name += "（终）"
		}
		if s.Waits {
			name += "（等签批）"
		}
		if s.Retired {
			name += "（停用）"
		}
		var clocks []string
		for _, u := range s.Rules {
			clocks = append(clocks, d.clock(u))
		}
		if s.NoClock != "" {
			clocks = append(clocks, zh("noclock."+s.NoClock))
		}
		d.row("`"+s.Name+"`", name, zh("stage."+d.tab.Kind+"."+s.Stage), strings.Join(clocks, "<br>"), d.articles(s.Basis))
	}
}

var flagWords = map[string]string{flow.FlagNamed: "实名件", flow.FlagAssigned: "交办件", flow.FlagAnswer: "上级交办件", flow.FlagPost: "涉及职务、工资变更的", flow.FlagPunished: "给予处分的", flow.FlagOffice: "仅给予政务处分的", flow.FlagTownship: "乡镇办理的"}

// clock is one obligation of a state: what, how long, who owes it, how hard it is.
func (d *drawing) clock(u flow.Use) string {
	t, _ := d.rules.Timer(u.Rule, drawnOn) // Table.Check knows it
	s := fmt.Sprintf("%s `%s`：自%s起%s，%s", t.Name.Zh, t.ID, t.Start.Zh, length(t.Length, t.Unit), byWords[u.By])
	var marks []string
	if u.If != "" {
		marks = append(marks, "限"+flagWords[u.If])
	}
	if t.Legal {
		marks = append(marks, "法定")
	}
	if t.First {
		marks = append(marks, "首次")
	}
	if t.Allowed != (rulebook.Bounds{}) {
		marks = append(marks, fmt.Sprintf("可定%d至%d", t.Allowed.Min, t.Allowed.Max))
	}
	if len(marks) > 0 {
		s += "（" + strings.Join(marks, "，") + "）"
	}
	return s
}

var byWords = map[flow.By]string{flow.ByIntake: "信访室", flow.BySupervision: "案件监督管理室", flow.ByHandler: "承办单位", flow.ByHead: "承办单位负责人", flow.ByTeam: "办案组成员",
	flow.ByReview: "案件审理室", flow.ByDeputy: "分管领导", flow.ByPrincipal: "主要负责人", flow.ByPersonnel: "负责人事的人员", flow.BySuperior: "上级机关", flow.BySystem: "系统"}

func length(n int, u rulebook.Unit) string {
	switch u {
	case rulebook.Workdays:
		return fmt.Sprintf("%d个工作日", n)
	case rulebook.Months:
		return fmt.Sprintf("%d个月", n)
	}
	return fmt.Sprintf("%d日", n)
}

func (d *drawing) moves() {
	d.line("")
	d.line("### 步骤")
	d.line("")
	d.row("代码", "名称", "从 → 到", "谁办", "必填", "审批", "文书", "依据", "期限", "上级备查")
	d.row("---", "---", "---", "---", "---", "---", "---", "---", "---", "---")
	for i := range d.tab.Moves {
		m := &d.tab.Moves[i]
		name := d.move(m)
		if m.Quiet {
			name += "（系统）"
		}
		if m.Retired {
			name += "（停用）"
		}
		var by []string
		for _, b := range m.By {
			by = append(by, byWords[b])
		}
		var papers []string
		for _, p := range d.rules.DocumentsOf(d.tab.Kind + "." + m.Name) {
			papers = append(papers, p.Name.Zh)
		}
		d.row("`"+m.Name+"`", name, d.way(m), strings.Join(by, "、"), d.fields(m), d.chain(m), strings.Join(papers, "、"), d.articles(m.Basis), d.effects(m), d.refusal(m))
	}
}

// way is where a move leads from and to.
func (d *drawing) way(m *flow.Move) string {
	names := func(states []string) string {
		var out []string
		for _, s := range states {
			if n := d.state(s); !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
		return strings.Join(out, "、")
	}
	var to []string
	switch {
	case m.Fork != nil:
		f, _ := field(m, m.Fork.Field)
		for _, c := range slices.Sorted(maps.Keys(m.Fork.To)) {
			to = append(to, d.choice(f, c)+"："+d.state(m.Fork.To[c]))
		}
	case m.To != "":
		to = append(to, d.state(m.To))
	default:
		to = append(to, "不变")
	}
	if len(m.Also) > 0 {
		to = append(to, "或者"+names(m.Also))
	}
	return names(m.From) + " → " + strings.Join(to, "<br>")
}

// fields lists what must be filled in, and when.
func (d *drawing) fields(m *flow.Move) string {
	var out []string
	for _, f := range m.Fields {
		if !f.Must {
			continue
		}
		s := d.label(m, f.Name)
		if f.Min > 1 {
			s += fmt.Sprintf("（不少于%d人）", f.Min)
		}
		if f.When != nil {
			s += "（" + d.when(m, *f.When) + "）"
		}
		out = append(out, s)
	}
	return strings.Join(out, "、")
}

func (d *drawing) label(m *flow.Move, name string) string {
	return locale.First(locale.Zh, "field."+d.tab.Kind+"."+m.Name+"."+name, "field."+name)
}

func (d *drawing) when(m *flow.Move, w flow.When) string {
	var vals []string
	f, ok := field(m, w.Field)
	if !ok { // an attribute of the matter; most bear the name of a closed list
		f = flow.Field{Name: strings.TrimPrefix(w.Field, "@"), List: strings.TrimPrefix(w.Field, "@")}
	}
	for _, v := range w.In {
		vals = append(vals, d.choice(f, v))
	}
	if !ok {
		return "`" + w.Field + "`为" + strings.Join(vals, "、")
	}
	return d.label(m, w.Field) + "为" + strings.Join(vals, "、")
}

// choice is a choice's name: the rulebook's, a sanction's, or locale's; the code where there is none.
func (d *drawing) choice(f flow.Field, code string) string {
	if t, ok := d.rules.Term(f.List, code); ok {
		return t.Name.Zh
	}
	if s, ok := d.rules.Sanction(code); ok {
		return s.Name.Zh
	}
	if key := "choice." + f.Name + "." + code; locale.Has(key) {
		return zh(key)
	}
	return "`" + code + "`"
}

// chain is the approval of a move, case by case.
func (d *drawing) chain(m *flow.Move) string {
	for _, c := range d.rules.Chains() {
		if c.ID != m.Chain || !c.Holds(drawnOn) {
			continue
		}
		var out []string
		for _, k := range c.Cases {
			var steps []string
			for _, s := range k.Steps {
				steps = append(steps, zh("role."+s))
			}
			sure := c.Sure
			if k.Sure != "" {
				sure = k.Sure
			}
			out = append(out, d.facts(m, k.When)+"："+strings.Join(steps, "→")+"（"+sureWords[sure]+"）")
		}
		return "`" + c.ID + "`<br>" + strings.Join(out, "<br>")
	}
	return ""
}

var factWords = map[string]string{"chief yes": "下一级党委主要负责人", "member yes": "同级党委委员、纪委常委、监委委员", "body county_commission": "由县纪委决定的", "assigned yes": "交办件", "level township": "乡镇办理", "level county": "县办理", "level city": "市办理", "body township_party_committee": "由乡镇党委", "body county_party_committee": "县委", "body city_party_committee": "市委决定的", "nth 1": "首次", "nth 2": "第二次", "nth more": "再次"}

// facts words the condition of a case.
func (d *drawing) facts(m *flow.Move, when map[string][]string) string {
	if len(when) == 0 {
		return "其他"
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(when)) {
		vals := when[key]
		if key == "rank" {
			out = append(out, d.ranks(vals))
			continue
		}
		var words []string
		for _, v := range vals {
			w := factWords[key+" "+v]
			for _, list := range []string{map[string]string{"source": "clue_source", "track": "track"}[key], choiceList(m)} {
				if t, ok := d.rules.Term(list, v); ok && w == "" {
					w = t.Name.Zh
				}
			}
			if w == "" {
				w = d.choice(flow.Field{}, v)
			}
			words = append(words, w)
		}
		out = append(out, strings.Join(words, "、"))
	}
	return strings.Join(out, "，")
}

// choiceList is the closed list of the choice that a move's approval may ask about.
func choiceList(m *flow.Move) string {
	for _, f := range m.Fields {
		if f.List != "" && (m.Fork == nil || m.Fork.Field == f.Name) {
			return f.List
		}
	}
	return ""
}

// ranks says 副科级以上 where all higher bands are named too.
func (d *drawing) ranks(codes []string) string {
	all := d.rules.Ranks()
	i := len(all) - len(codes)
	upward := i >= 0
	var names []string
	for n, c := range codes {
		upward = upward && all[i+n].Code == c
		r, _ := d.rules.Rank(c) // the rulebook's own check knows it
		names = append(names, r.Name.Zh)
	}
	if upward && len(codes) > 1 {
		return names[0] + "以上"
	}
	return strings.Join(names, "、")
}

// effects lists the clocks that a move begins, meets or does away with.
func (d *drawing) effects(m *flow.Move) string {
	var out []string
	name := func(rule string) string {
		t, _ := d.rules.Timer(rule, drawnOn)
		return t.Name.Zh
	}
	to := append([]string{m.To}, m.Also...)
	if m.Fork != nil {
		to = append(to, slices.Collect(maps.Values(m.Fork.To))...)
	}
	var begins []string
	for _, s := range d.tab.States {
		if !slices.Contains(to, s.Name) {
			continue
		}
		for _, u := range s.Rules {
			from := name(u.Rule)
			if u.If != "" {
				from += "（限" + flagWords[u.If] + "）"
			}
			if day := m.Starts[u.Rule]; day != "" {
				from += "（自" + d.label(m, day) + "起）"
			}
			if !d.runsIn(m.From, u.Rule) && !slices.Contains(begins, from) {
				begins = append(begins, from)
			}
		}
	}
	for _, x := range []struct {
		word  string
		rules []string
	}{{"重新起算", m.Restart}, {"办结", m.Ends}, {"不再要求", m.Drops}} {
		var names []string
		for _, r := range x.rules {
			names = append(names, name(r))
		}
		if len(names) > 0 {
			out = append(out, x.word+"："+strings.Join(names, "、"))
		}
	}
	if len(begins) > 0 {
		out = append([]string{"开始：" + strings.Join(begins, "、")}, out...)
	}
	return strings.Join(out, "<br>")
}

// runsIn says whether a clock runs in all of the states, so that a move from them does not begin it.
func (d *drawing) runsIn(states []string, rule string) bool {
	for _, name := range states {
		s, _ := d.tab.State(name)
		if !slices.ContainsFunc(s.Rules, func(u flow.Use) bool { return u.Rule == rule }) {
			return false
		}
	}
	return true
}

func (d *drawing) refusal(m *flow.Move) string {
	if slices.Contains(m.Refusal, "*") {
		return "是"
	}
	var out []string
	for _, c := range m.Refusal {
		f, _ := field(m, m.Fork.Field)
		out = append(out, d.choice(f, c))
	}
	return strings.Join(out, "、")
}

var sureWords = map[rulebook.Sure]string{rulebook.SureText: "原文已核", rulebook.SureSecondary: "见于解读", rulebook.SureUnverified: "未核对", rulebook.SureLocal: "本县规定", "": "未标注"}

// articles names the articles, each with the least certainty that the rulebook has for it anywhere.
func (d *drawing) articles(bs []rulebook.Basis) string {
	var out []string
	for _, b := range bs {
		r, _ := d.rules.Regulation(b.Reg) // Table.Check knows it
		s := "《" + r.Short.Zh + "》"
		switch rest, chapter := strings.CutPrefix(b.Art, "ch. "); {
		case chapter:
			s += "第" + rest + "章"
		case b.Art != "":
			s += "第" + b.Art + "条"
		}
		out = append(out, s+" "+sureWords[d.sure(b)])
	}
	return strings.Join(out, "<br>")
}

var sureOrder = []rulebook.Sure{"", rulebook.SureText, rulebook.SureSecondary, rulebook.SureUnverified}

// sure is the least certain of what the rulebook says where it rests on the article; "" if nothing else does. What a
// county sets itself says nothing about an article.
func (d *drawing) sure(b rulebook.Basis) rulebook.Sure {
	least := 0
	see := func(bs []rulebook.Basis, s rulebook.Sure) {
		for _, x := range bs {
			if x.Reg == b.Reg && x.Art == b.Art {
				least = max(least, slices.Index(sureOrder, s))
			}
		}
	}
	for _, t := range d.rules.Timers() {
		see(t.Basis, t.Sure)
	}
	for _, c := range d.rules.Chains() {
		see(c.Basis, c.Sure)
		for _, k := range c.Cases {
			see(k.Basis, k.Sure)
		}
	}
	for _, l := range d.rules.Lists() {
		for _, t := range d.rules.Terms(l.Code, drawnOn) {
			see(t.Basis, t.Sure)
		}
	}
	for _, s := range d.rules.Sanctions(drawnOn) {
		see(s.Basis, s.Sure)
	}
	for _, p := range d.rules.Powers() {
		see(p.Basis, p.Sure)
	}
	return sureOrder[least]
}
