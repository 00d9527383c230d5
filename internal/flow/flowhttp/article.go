package flowhttp

import (
	"strconv"
	"strings"

	"qianshao/internal/locale"
	"qianshao/internal/rulebook"
)

// Article writes a regulation and its article for rooms that show rules of their own.
func (p *Pages) Article(lang string, b rulebook.Basis) string { return p.article(lang, b) }

// artOf writes an article's number as the language does: 第二十一条, art. 21; a chapter ("ch. 4") as 第四章.
func artOf(lang, art string) string {
	if lang == locale.En {
		if strings.HasPrefix(art, "ch. ") {
			return ", " + art
		}
		return ", art. " + art
	}
	if rest, ok := strings.CutPrefix(art, "ch. "); ok {
		return "第" + zhOrdinal(rest) + "章"
	}
	if a, b, ok := strings.Cut(art, "–"); ok {
		return "第" + zhOrdinal(a) + "条至第" + zhOrdinal(b) + "条"
	}
	num, tail, _ := strings.Cut(art, "(")
	s := "第" + zhOrdinal(num) + "条"
	if n := strings.TrimSuffix(tail, ")"); n != "" {
		s += "第" + zhOrdinal(n) + "款"
	}
	return s
}

var zhDigits = [...]string{"〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"}

// zhOrdinal writes a number below 1000 in Han digits; anything else stays as it is.
func zhOrdinal(s string) string {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n <= 0 || n > 999 {
		return s
	}
	h, t, o := n/100, n/10%10, n%10
	out := ""
	if h > 0 {
		out = zhDigits[h] + "百"
		if t == 0 && o > 0 {
			out += "〇"
		}
	}
	switch {
	case t == 1 && h == 0:
		out += "十"
	case t > 0:
		out += zhDigits[t] + "十"
	}
	if o > 0 {
		out += zhDigits[o]
	}
	return out
}
