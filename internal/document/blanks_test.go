package document

import (
	"slices"
	"testing"

	"qianshao/internal/fault"
	"qianshao/internal/rulebook"
)

// What is empty is said before a form is issued; what the signers write is not missing.
func TestBlanks(t *testing.T) {
	p := Paper{Kind: "form", Body: "编号：云渡纪线〔2026〕0007号\n理由：\n# 处置意见\n拟采取的处置方式：\n# 主要事实\n# 审批意见\n承办部门负责人：\n# 送达\n受送达人签名：\n备注：\n送达地点：\n# 附件"}
	if got, want := p.Blanks(), []string{"理由", "拟采取的处置方式", "主要事实", "送达地点", "附件"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	p.Kind = "letter"
	if got := p.Blanks(); got != nil {
		t.Errorf("a salutation is no blank: %q", got)
	}
}

// A decision does not go out with the words that say what to write there.
func TestHintsAreReplaced(t *testing.T) {
	doc := rulebook.Document{Kind: "letter", Body: "依照{{with .F.basis}}{{.}}{{else}}（填写所依据的条款）{{end}}，决定给予{{with .F.sanction}}{{.}}{{else}}（处分种类）{{end}}处分。"}
	in := Issuing{Title: "决定", Addressee: "某单位", Body: "依照（填写所依据的条款），决定给予警告处分。"}
	if err := in.clean(doc); fault.Code(err) != "invalid" || fault.Fields(err)[0].Code != "paper.unfilled" || fault.Fields(err)[0].Args[0] != "（填写所依据的条款）" {
		t.Errorf("issued with a hint in it: %v", err)
	}
	in.Body = "依照《中国共产党纪律处分条例》第一百二十六条，决定给予警告处分。"
	if err := in.clean(doc); err != nil {
		t.Error(err)
	}
	doc.Kind, in.Body = "record", "（处分种类）"
	if err := in.clean(doc); err != nil {
		t.Errorf("a record may be completed by hand: %v", err)
	}
}
