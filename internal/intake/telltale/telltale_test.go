package telltale

import (
	"fmt"
	"strings"
	"testing"
)

func TestLook(t *testing.T) {
	t.Parallel()
	known := Known{Name: "周静怡", Contact: "住石桥镇老粮站对面，电话 0917-3312345", Only: "那天只有我一个人看见他从后门把三袋化肥搬上车",
		Original: "我在村委会帮忙做饭，看见村主任李某把县里发的三十袋化肥卖给了镇上的农资店，钱没有进账。"}
	for _, c := range []struct {
		text  string
		known Known
		want  string // text=why, in order
	}{
		{"反映某村主任将救灾化肥变卖后未入账。", known, ""},
		{"反映该村主任套取补贴，可与周静怡核实。", known, "周静怡=name"},
		{"据周某说，该村主任变卖化肥。", known, "周某=name"},
		{"联系电话１３８ ００１３ ８０００。", Known{}, "１３８ ００１３ ８０００=phone"},
		{"身份证号61032219800101123X，其QQ：12345678。", Known{}, "61032219800101123X=identity QQ：12345678=account"},
		{"住老粮站对面的村民反映此事。", known, "老粮站对面=contact"},
		{"有人见其从后门把三袋化肥搬上车。", known, "从后门把三袋化肥搬上车=only"},
		{"该村主任李某把县里发的三十袋化肥卖给了镇上的农资店。", known, "村主任李某把县里发的三十袋化肥卖给了镇上的农资店=verbatim"},
		{"举报人称我村的账目不清。", Known{}, "举报人=report 我村=ours"},
		{"同事反映其长期不在岗。", Known{}, "同事=ours"},
		{"", known, ""},
	} {
		var got []string
		for _, m := range Look(c.text, c.known) {
			got = append(got, m.Text+"="+m.Why)
			if s := string([]rune(c.text)[m.From:m.To]); s != m.Text {
				t.Errorf("%q stands at %d, and is called %q", s, m.From, m.Text)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s\n  marks %s\n  want  %s", c.text, s, c.want)
		}
	}
}

// TestLookIsBounded: the longest texts there are take no time that a page would feel, and no more marks than a reader does.
func TestLookIsBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&b, "我%d", i)
	}
	if got := Look(b.String(), Known{Original: b.String()}); len(got) > most {
		t.Errorf("%d marks", len(got))
	}
}

func FuzzLook(f *testing.F) {
	f.Add("举报人13800138000", "周静怡", "13800138000", "只有我知道", "原文")
	f.Fuzz(func(t *testing.T, text, name, contact, only, original string) {
		n := len([]rune(text))
		for _, m := range Look(text, Known{name, contact, only, original}) {
			if m.From < 0 || m.To > n || m.From >= m.To {
				t.Fatalf("%v in %d characters", m, n)
			}
		}
	})
}
