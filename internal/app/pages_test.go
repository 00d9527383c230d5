package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"qianshao/internal/locale"
	"qianshao/internal/web"
)

// A page that could not be read does not say that something was not saved; a form that could not be taken does.
func TestNothingToKeep(t *testing.T) {
	for _, code := range []string{"db.unavailable", "db.busy"} {
		for method, key := range map[string]string{http.MethodGet: "fault." + code + ".read", http.MethodPost: "fault." + code} {
			out := httptest.NewRecorder()
			c := &web.Ctx{Mux: &web.Mux{}, W: out, R: httptest.NewRequest(method, "/clues", nil), Lang: locale.Zh}
			p := web.Problem{Title: locale.T(locale.Zh, "fault."+code), Status: http.StatusServiceUnavailable, Code: code}
			if err := errorPage(c, &web.Failure{Problem: p}); err != nil {
				t.Fatal(err)
			}
			if out.Code != p.Status || !strings.Contains(out.Body.String(), locale.T(locale.Zh, key)) {
				t.Errorf("%s of %s: %d without %s", method, code, out.Code, key)
			}
		}
	}
}
