package documenthttp

import (
	"strings"

	"qianshao/internal/document"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// paperView is a paper in its official layout: a letter, decision or report under its issuer's red head (GB/T 9704), a
// form as a table, a record as numbered lines.
type paperView struct {
	Kind      string
	Head      string // the issuer's name in red; "" for forms and records
	No        string
	Title     string
	Addressee string
	Parts     []part
	Organ     string
	Date      string
	Copies    string
	Printed   string // the day it was issued, opposite who issued it
}

// part is a heading with what stands under it; the first may have no heading.
type part struct {
	Head     string
	Lines    []lineView
	Approval bool // nothing but who signs, each with room for what they write
}

// lineView is a paragraph, or in forms and records a label with what stands behind it.
type lineView struct {
	Label, Text string
	Sign        bool // to be signed: room is left
}

// labelMax is how long a label may be, in characters; what is longer before a colon is a sentence.
const labelMax = 12

// approvalHead is the heading under which a form leaves room for signatures.
const approvalHead = "审批意见"

func layout(c *web.Ctx, d document.Paper) paperView {
	v := paperView{Kind: d.Kind, No: d.No, Title: d.Title}
	table := d.Kind == "form" || d.Kind == "record"
	cur := part{}
	for _, l := range d.Lines() {
		if h, ok := strings.CutPrefix(l, "# "); ok {
			if cur.Head != "" || len(cur.Lines) > 0 {
				v.Parts = append(v.Parts, cur)
			}
			cur = part{Head: h, Approval: table && h == approvalHead}
			continue
		}
		cur.Lines = append(cur.Lines, lineOf(l, table))
	}
	v.Parts = append(v.Parts, cur)
	if table {
		return v
	}
	organ := d.Issuer.Commission()
	v.Head, v.Organ, v.Date = organ, organ, ui.LongDay("zh-CN", d.Made)
	v.Printed = wordsZh("paper.printed", v.Date)
	if d.Copies != "" {
		v.Copies = wordsZh("paper.copies") + strings.TrimSuffix(d.Copies, "。") + "。"
	}
	number(v.Parts)
	// The first paragraph is who it goes to, set flush left; what was typed for 主送 stands there.
	if first := &v.Parts[0]; len(first.Lines) > 0 && strings.HasSuffix(first.Lines[0].Text, "：") && first.Lines[0].Label == "" {
		v.Addressee = first.Lines[0].Text
		first.Lines = first.Lines[1:]
	}
	if d.Addressee != "" && d.Kind == "letter" && !strings.HasPrefix(v.Addressee, d.Addressee) {
		v.Addressee = d.Addressee + "："
	}
	return v
}

// number puts 一、二、 before the headings, as an official paper has them wherever there is more than one.
func number(parts []part) {
	han, n, heads := []rune("一二三四五六七八九十"), 0, 0
	for _, p := range parts {
		if p.Head != "" {
			heads++
		}
	}
	for i := range parts {
		if parts[i].Head == "" || heads < 2 || n >= len(han) {
			continue
		}
		if mark := string(han[n]) + "、"; !strings.HasPrefix(parts[i].Head, mark) { // somebody may have typed it
			parts[i].Head = mark + parts[i].Head
		}
		n++
	}
}

func lineOf(l string, table bool) lineView {
	label, rest, ok := strings.Cut(l, "：")
	short := ok && len([]rune(label)) <= labelMax && !strings.ContainsAny(label, "，。；")
	if ok && short && rest == "" {
		return lineView{Label: label, Sign: true}.or(l, table)
	}
	if table && short {
		return lineView{Label: label, Text: rest}
	}
	return lineView{Text: l}
}

// or keeps a bare label as a paragraph outside tables: there it is a salutation or a line to sign under.
func (v lineView) or(l string, table bool) lineView {
	if table {
		return v
	}
	return lineView{Text: l, Sign: v.Sign}
}
