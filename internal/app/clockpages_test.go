package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"qianshao/internal/flow"
	"qianshao/internal/org"
	"qianshao/internal/platform/dbtest"
)

// TestClockFormsAnswerAsTheyDo: the form of a move about a clock is shown to whom the move is open, by whoever a page
// shows its button; anybody else has the answer that sending it would have: that it is not theirs, not now, or not there.
func TestClockFormsAnswerAsTheyDo(t *testing.T) {
	t.Parallel()
	w, m := office(t, dbtest.SQLite(t))
	other := w.found(org.SubjectInput{Unit: w.Units["full"].ID.Key})
	b, srv := browse(t, w.World), w.Serve()
	page := "/m/" + m.String()
	at := func(act string) string { return page + "/clock/" + w.clock(m, work).ID.Key + "/" + act }
	forms, shut := 0, 0
	try := func() {
		t.Helper()
		for _, who := range []string{"handler", "handler2", "head", "deputy", "principal", "supervision", "cityoffice", "citychief", "intake", "handler3", "othersupervision"} {
			_, matter := w.Get(srv, who, page)
			for _, act := range flow.ClockMoves {
				code, _ := w.Get(srv, who, at(act))
				button := strings.Contains(matter, `href="`+at(act)+`"`)
				if button != (code == http.StatusOK) {
					t.Errorf("%s by %s: the button shows %v, the form answers %d", act, who, button, code)
				}
				in := url.Values{"_version": {fmt.Sprint(w.Matter(m).Version)}}
				if code != http.StatusOK {
					in.Set("reason", "写明原因。")
					in.Set("ground", "illness")
				} else if act != flow.MoveExtend && act != flow.MovePause {
					forms++
					continue // it would go through
				}
				want := code
				if code == http.StatusOK {
					want, forms = http.StatusUnprocessableEntity, forms+1 // nothing is filled in
				} else {
					shut++
				}
				if got, _ := b.post(who, at(act), in); got != want {
					t.Errorf("%s by %s: the form answers %d, sending it %d", act, who, code, got)
				}
			}
		}
	}
	try()
	for who, want := range map[string]int{"supervision": http.StatusForbidden, "othersupervision": http.StatusNotFound, "handler": http.StatusOK} {
		if code, text := w.Get(srv, who, at(flow.MoveExtend)); code != want || want == http.StatusForbidden && !strings.Contains(text, "这一步由他人办理") {
			t.Errorf("more time asked for by %s: %d, want %d", who, code, want)
		}
	}
	if code, _ := w.Get(srv, "supervision", "/m/"+other.String()+"/clock/"+w.clock(m, work).ID.Key+"/urge"); code != http.StatusNotFound {
		t.Errorf("another matter's clock: %d", code)
	}
	w.asked("handler", m, work, flow.MovePause)
	try()
	w.Approve("deputy", m)
	try()
	if forms < 20 || shut < 100 {
		t.Errorf("only %d forms and %d refusals", forms, shut)
	}
}
