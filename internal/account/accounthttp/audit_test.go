package accounthttp

import (
	"testing"

	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/web"
)

// What the auditor reads of an act is words, not codes.
func TestToldInWords(t *testing.T) {
	c := &web.Ctx{Lang: locale.Zh}
	for want, params := range map[string]map[string]any{
		"审计管理员":   {"post": "auditor"},
		"纪委书记":    {"kind": "secretary"},
		"新设备，恢复码": {"device": "new", "second": "recovery"},
		"登录名sys":  {"login": "sys"},
	} {
		if got := told(c, ledger.Entry{Params: params}); got != want {
			t.Errorf("%v is told as %q, not %q", params, got, want)
		}
	}
}
