package redistest

import (
	"context"
	"strings"
	"testing"
)

// StartCluster starts a Redis Cluster of one node that has all slots.
func StartCluster(t testing.TB) *Server {
	t.Helper()
	s := Start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000")
	ctx := context.Background()
	if err := s.client.ClusterAddSlotsRange(ctx, 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	s.Await(func() bool { return strings.Contains(s.client.ClusterInfo(ctx).Val(), "cluster_state:ok") })
	return s
}
