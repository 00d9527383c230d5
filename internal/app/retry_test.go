package app

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/web"
)

// What was entered stays on the page when it could not be taken, under the same key; what is secret never does.
func TestRetry(t *testing.T) {
	post := func(f url.Values) trouble {
		r := httptest.NewRequest("POST", "/m/1/do/accept?x=1", strings.NewReader(f.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		var v trouble
		v.retry(&web.Ctx{R: r})
		return v
	}
	v := post(url.Values{"_key": {"k1"}, "reason": {"因<b>故</b>"}, "team": {"a", "b"}})
	if v.Resend != "/m/1/do/accept?x=1" || !slices.Equal(v.Fields, [][2]string{{"_key", "k1"}, {"reason", "因<b>故</b>"}, {"team", "a"}, {"team", "b"}}) {
		t.Errorf("%+v", v)
	}
	for _, f := range []url.Values{{"reason": {"无键"}}, {"_key": {"k1"}, "password": {"secret"}}, {"_key": {"k1"}, "passphrase": {"secret"}, "a": {"b"}}} {
		if v := post(f); v.Resend != "" || v.Fields != nil {
			t.Errorf("%v is kept: %+v", f, v)
		}
	}
	var g trouble
	if g.retry(&web.Ctx{R: httptest.NewRequest("GET", "/clues?view=late", nil)}); g.Again != "/clues?view=late" || g.Resend != "" {
		t.Errorf("%+v", g)
	}
}
