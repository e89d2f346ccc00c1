package httpapi

import (
	"crypto/rand"
	"net/http"
	"testing"
	"time"
)

// BenchmarkWebhook is the webhook of a new, paid checkout in process, beside
// BenchmarkCallback. Signing it is a part of what is measured.
func BenchmarkWebhook(b *testing.B) {
	post := func(w *world) {
		w.server.ServeHTTP(discard{make(http.Header, 8)}, webhook(b, checkoutSecret, time.Now(), checkout(rand.Text()[:8], "checkout.payment.success", "COMPLETED")))
	}
	b.Run("accepting", func(b *testing.B) {
		w := benchWorld(b, accept)
		b.ReportAllocs()
		for b.Loop() {
			post(w)
		}
	})
	b.Run("sqlite", func(b *testing.B) {
		w := benchWorld(b, nil)
		b.ReportAllocs()
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				post(w)
			}
		})
	})
}
