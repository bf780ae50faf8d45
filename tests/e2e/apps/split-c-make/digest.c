/* Answers with two checksums of its motto, which lies in a file beside the program. */
#include <arpa/inet.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static size_t motto(char *text, size_t room) {
    FILE *file = fopen("motto.txt", "r");
    if (file == NULL)
        return 0;
    size_t length = fread(text, 1, room, file);
    fclose(file);
    return length;
}

static void answer(int client) {
    char request[2048], text[1024], body[4096], head[256];
    ssize_t got = read(client, request, sizeof request - 1);
    if (got <= 0)
        return;
    request[got] = '\0';
    size_t length = motto(text, sizeof text), written = 0;
    if (strncmp(request, "GET /crc ", 9) == 0) {
        written = snprintf(body, sizeof body, "%08lx\n", crc32(0, (unsigned char *)text, length));
    } else {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned int size = 0;
        EVP_Digest(text, length, digest, &size, EVP_sha256(), NULL);
        for (unsigned int place = 0; place < size; place++)
            written += snprintf(body + written, sizeof body - written, "%02x", digest[place]);
        written += snprintf(body + written, sizeof body - written, "  %.*s", (int)length, text);
    }
    int top = snprintf(head, sizeof head, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", written);
    if (write(client, head, top) < 0 || write(client, body, written) < 0)
        perror("write");
}

int main(int count, char **words) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(words[1]) : 8080)};
    int yes = 1, server = socket(AF_INET, SOCK_STREAM, 0);
    signal(SIGPIPE, SIG_IGN);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(server, (struct sockaddr *)&place, sizeof place) != 0 || listen(server, 16) != 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int client = accept(server, NULL, NULL);
        if (client < 0)
            continue;
        answer(client);
        shutdown(client, SHUT_WR);
        close(client);
    }
}
