# A static binary and a directory that its user may write to: nothing else.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/daybook ./cmd/daybook \
    && mkdir -m 0700 /out/data

FROM scratch
COPY --from=build /out/daybook /daybook
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
EXPOSE 8080
ENV DAYBOOK_DATA=/data DAYBOOK_LISTEN=0.0.0.0:8080
ENTRYPOINT ["/daybook"]
CMD ["serve"]
