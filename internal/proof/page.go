package proof

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"strings"
	"sync"

	"qianshao/internal/locale"
)

//go:embed page.html
var pageText string

//go:embed crypto.js
var cryptoText string

//go:embed check.js
var checkText string

//go:embed page.js
var actText string

// PageName is what the page is called where it is given out: nothing that says what it is of.
const PageName = "check.html"

// Page is the whole page: one file that any browser opens, with no other and no network, and that sends nothing anywhere.
var Page = sync.OnceValue(func() []byte {
	texts := map[string][2]string{}
	for _, k := range locale.Keys() {
		if code, ok := strings.CutPrefix(k, "proof."); ok || k == "fault.verify.proof" || k == "fault.verify.receipt" {
			texts[code] = [2]string{locale.T(locale.Zh, k), locale.T(locale.En, k)}
		}
	}
	b, err := json.Marshal(texts) // < and > are written as escapes: nothing in a text ends the script
	if err != nil {
		panic(err) // strings
	}
	tmpl := template.Must(template.New("page").Funcs(template.FuncMap{
		"zh": func(key string) string { return locale.T(locale.Zh, "proof.page."+key) },
		"en": func(key string) string { return locale.T(locale.En, "proof.page."+key) },
	}).Parse(pageText))
	var out bytes.Buffer
	if err := tmpl.Execute(&out, map[string]template.JS{"Script": template.JS(cryptoText + checkText + "const TEXTS = " + string(b) + ";\n" + actText)}); err != nil {
		panic(err) // the template is constant, and the tests make the page
	}
	return out.Bytes()
})
