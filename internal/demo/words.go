package demo

import (
	"fmt"
	"strings"
)

// topic is what a report says, in the words an intake clerk would put it.
type topic struct {
	discipline string
	title      string // {who} is replaced
	summary    string
	village    bool // of village cadres
}

var topics = []topic{
	{"masses", "反映{who}在低保评定中优亲厚友", "反映该同志在低保对象评定中，将不符合条件的亲属纳入低保，涉及{n}户，未按规定公示。", true},
	{"masses", "反映{who}截留惠农补贴资金", "反映该同志代领{n}户村民的耕地地力保护补贴后未足额发放，群众多次询问未获答复。", true},
	{"integrity", "反映{who}虚报高标准农田管护费", "反映该同志虚报高标准农田管护面积，套取管护费约{m}万元，资金去向不明。", false},
	{"integrity", "反映{who}在工程建设中收受好处", "反映该同志在村组道路硬化工程中指定施工队，收受施工方现金约{m}万元。", false},
	{"integrity", "反映{who}违规收受礼金", "反映该同志借子女升学之机收受管理服务对象礼金，涉及{n}人。", false},
	{"integrity", "反映{who}违规吃喝", "反映该同志多次在辖区餐馆接受管理服务对象宴请，并由他人代付餐费。", false},
	{"work", "反映{who}对群众诉求推诿不办", "反映该同志对群众申请的危房改造事项长期不办理，拖延{n}个月。", false},
	{"work", "反映{who}履行监管责任不力", "反映该同志负责的饮水工程验收把关不严，工程投入使用{n}个月后即停水。", false},
	{"work", "反映{who}村级财务管理混乱", "反映该同志经手的集体收入未入账，白条列支，金额约{m}万元，三年未公开账目。", true},
	{"organisation", "反映{who}在换届中拉票", "反映该同志在村“两委”换届中请客拉票，涉及{n}户。", true},
	{"integrity", "反映{who}侵占集体资金", "反映该同志将集体山林承包款存入个人账户，金额约{m}万元。", true},
	{"masses", "反映{who}违规审批宅基地", "反映该同志为不符合条件的农户办理宅基地手续，收取费用，涉及{n}户。", true},
	{"life", "反映{who}参与赌博", "反映该同志长期参与赌博，社会影响较差。", false},
	{"duty_violation", "反映{who}骗取项目补助资金", "反映该同志以虚假材料申报产业扶持项目，骗取补助资金约{m}万元。", false},
	{"integrity", "反映{who}公车私用", "反映该同志多次在节假日使用公务用车办理私事。", false},
	{"work", "反映{who}在征地补偿中把关不严", "反映该同志在征地补偿清点中多计青苗数量，涉及{n}户，造成多付补偿款。", false},
}

func (b *builder) words(s subject) (topic, string, string) {
	var list []topic
	for _, t := range topics {
		if t.village == (s.rank == "village") || !t.village && s.rank != "village" {
			list = append(list, t)
		}
	}
	t := pick(b.r, list)
	who := s.unit.Name + s.post
	if s.town != nil && s.unit.Kind == "village" {
		who = s.town.unit.Name + who
	}
	fill := strings.NewReplacer("{who}", who, "{n}", fmt.Sprint(2+b.r.IntN(14)), "{m}", fmt.Sprintf("%d.%d", 1+b.r.IntN(9), b.r.IntN(10)))
	return t, fill.Replace(t.title), fill.Replace(t.summary)
}

// verifyNotes are how to look into something without showing that anybody reported it.
var verifyNotes = []string{"结合年度村级财务检查调阅账册、凭证，不单独询问。", "随惠民资金发放抽查一并核对名册和银行回单。", "结合换届后离任审计了解，先查公示和会议记录。", "以日常走访名义了解，不说明缘由，不接触特定住户。"}

var (
	proposeReasons = map[string][]string{
		"close":        {"反映内容笼统，未提供时间、地点和具体人员，经集体研究，无可查性。", "反映问题与已办结线索相同，未提供新的情况。"},
		"shelve":       {"反映的问题有一定可查性，但目前线索人外出务工，暂不具备核查条件。"},
		"inquiry":      {"反映的问题具有一般性，拟以谈话函询方式了解情况。", "问题较轻，本人说明情况即可核对账目。"},
		"verification": {"反映的问题具体，有凭证可查，具备核查条件。", "反映的时间、人员、金额明确，拟调取账目核实。"},
	}
	facts = []string{"经调取账目、询问相关人员，反映的主要问题属实。", "经核实，反映的部分问题属实，金额与反映的有出入。"}
)
