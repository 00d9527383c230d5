package e2e

import (
	"testing"

	"qianshao/internal/flow"
)

// TestInquiry carries a named report through an inquiry by letter, with the day its answer is due, and by talk, to where
// it proves untrue: the name is cleared, and the reporter told.
func TestInquiry(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	at := c.staff()
	tip := c.letter("反映石桥镇农业综合服务中心主任虚报管护费", "赵六")
	c.Do("intake", tip, "accept", nil)
	clue := c.child(tip, "clue")
	c.Do("supervision", clue, "hand_out", flow.Values{"target": {c.Units["county.office1"].ID.Key}, "back": {"no"}})

	h := at("handler")
	h.move(clue, "propose", "disposal", "谈话函询", "inquiry_form", "函询", "inquiry_plan", "函询发放对象名单和发放标准。", "reason", "问题具体但数额不大，宜先由本人说明。", "studied_on", "2026-10-12", "studied_by", "姜、戚、谢")
	for _, who := range c.seats(clue) {
		c.Approve(who, clue)
	}
	h.move(clue, "send_letter", "on", "2026-10-12", "letter_no", "云渡函〔2026〕1号", "copied_to", "石桥镇党委")
	h.move(clue, "deliver_letter", "on", "2026-10-12", "service", "in_person")
	m := c.in(clue, "awaiting_answer")
	if m.Due != "2026-11-02" { // fifteen working days
		t.Errorf("the answer is due on %s", m.Due)
	}
	h.sees("11月2日", "云渡函〔2026〕1号")
	h.seesNot("没有答复") // not before that day
	h.move(clue, "record_answer", "on", "2026-10-12", "chief_signed", "signed", "record_no", "云渡复〔2026〕1号", "gist", "管护费按标准发放，名单附后。")
	h.move(clue, "propose_outcome", "outcome", "再次谈话函询", "inquiry_form", "谈话", "reason", "名单缺两户，须当面说明。")
	c.signed(at, clue)
	c.in(clue, "inquiry_ready")
	h.move(clue, "hold_talk", "on", "2026-10-12", "talkers", "姜主任、戚办", "place", "县纪委谈话室", "record_no", "云渡谈〔2026〕1号", "gist", "两户系迁出，已提供证明。")

	// What proved untrue asks whether the name is to be cleared, and for words when it is not.
	h.matter(clue)
	h.click(`[data-move="move-propose_outcome"]`)
	h.fill(pairs{"outcome", "予以采信了结", "reason", "说明清楚，证明齐全，反映失实。", "clear_answer", "declined"})
	h.refused().submit()
	h.keeps("reason", "说明清楚，证明齐全，反映失实。")
	h.fill(pairs{"clear_answer", "wanted"})
	h.submit()
	for _, who := range c.seats(clue) {
		c.Approve(who, clue)
	}
	c.in(clue, "settling")
	h.move(clue, "settle", "on", "2026-10-12", "letter_no", "云渡采〔2026〕1号", "clear_way", "会议澄清", "clear_place", "石桥镇干部大会")
	h.sees("会议澄清", "石桥镇干部大会")
	c.in(clue, "closed")

	i := at("intake")
	i.move(tip, "notify", "on", "2026-10-12", "way", "call", "reached", "yes")
	i.open("/")
	i.sees("反馈处理结果")
	i.move(tip, "tell_result", "on", "2026-10-12", "way", "call", "reached", "yes", "objects", "no")
	i.sees("反馈处理结果")
	if x := c.in(tip, "closed"); x.Open {
		t.Error("the report is open though its reporter was told")
	}
	c.Verify()
}
