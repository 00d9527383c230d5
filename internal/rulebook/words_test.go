package rulebook_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"qianshao/internal/rulebook"
)

// texts finds every text in both languages inside v.
func texts(at string, v reflect.Value, use func(at string, t rulebook.Text)) {
	if t, ok := v.Interface().(rulebook.Text); ok {
		use(at, t)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			texts(at, v.Elem(), use)
		}
	case reflect.Slice:
		for i := range v.Len() {
			texts(fmt.Sprintf("%s[%d]", at, i), v.Index(i), use)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				texts(at+"."+f.Name, v.Field(i), use)
			}
		}
	}
}

// Official Chinese with full-width punctuation; English without Chinese, but for a word that is quoted as such.
func TestWordsAreOfTheirLanguage(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	check := func(at string, x rulebook.Text) {
		if x == (rulebook.Text{}) {
			return
		}
		if !strings.ContainsFunc(x.Zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s: %q is no Chinese", at, x.Zh)
		}
		if strings.ContainsAny(x.Zh, `,;:?!()"'`) || strings.Contains(x.Zh, " ") {
			t.Errorf("%s: %q has half-width marks or spaces", at, x.Zh)
		}
		if strings.ContainsFunc(x.En, func(r rune) bool { return unicode.Is(unicode.Han, r) }) && !strings.HasPrefix(at, "document ") {
			t.Errorf("%s: %q is no English", at, x.En)
		}
		if strings.ContainsAny(x.En, "，。；：？！（）、《》") {
			t.Errorf("%s: %q has Chinese marks", at, x.En)
		}
		if strings.HasSuffix(at, ".Note") && !strings.Contains(at, ".Basis") && !strings.HasSuffix(x.Zh, "。") {
			t.Errorf("%s: %q is no whole sentence", at, x.Zh)
		}
	}
	for _, x := range b.Regulations() {
		texts("regulation "+x.Key, reflect.ValueOf(x), check)
	}
	for _, x := range b.Timers() {
		texts("timer "+x.ID, reflect.ValueOf(x), check)
	}
	for _, l := range b.Lists() {
		check("list "+l.Code, l.Name)
		for _, x := range b.Terms(l.Code, day) {
			texts("term "+l.Code+"."+x.Code, reflect.ValueOf(x), check)
		}
	}
	for _, x := range b.Chains() {
		texts("approval "+x.ID, reflect.ValueOf(x), check)
	}
	for _, x := range b.Powers() {
		texts("power "+x.Hat+" "+x.Move, reflect.ValueOf(x), check)
	}
	for _, x := range b.Sanctions(day) {
		texts("sanction "+x.Code, reflect.ValueOf(x), check)
	}
	for _, x := range b.Documents() {
		texts("document "+x.Code, reflect.ValueOf(x), check)
	}
	for _, x := range b.Limits() {
		texts("limit "+x.ID, reflect.ValueOf(x), check)
	}
	for _, x := range b.Ranks() {
		texts("rank "+x.Code, reflect.ValueOf(x), check)
	}
}
