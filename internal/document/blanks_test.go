package document

import (
	"slices"
	"testing"
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
