// Lists the books of a shelf, out of a database in memory.
#include <arpa/inet.h>
#include <sqlite3.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace {

std::string books(sqlite3 *shelf, const std::string &order) {
    std::string found;
    const std::string query = "SELECT title, year FROM book ORDER BY " + order;
    sqlite3_stmt *statement = nullptr;
    sqlite3_prepare_v2(shelf, query.c_str(), -1, &statement, nullptr);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        found += reinterpret_cast<const char *>(sqlite3_column_text(statement, 0));
        found += ", " + std::to_string(sqlite3_column_int(statement, 1)) + "\n";
    }
    sqlite3_finalize(statement);
    return found;
}

}  // namespace

int main() {
    std::signal(SIGPIPE, SIG_IGN);
    sqlite3 *shelf = nullptr;
    sqlite3_open(":memory:", &shelf);
    sqlite3_exec(shelf,
                 "CREATE TABLE book (title TEXT, year INTEGER);"
                 "INSERT INTO book VALUES ('Tides', 1911), ('Knots', 1944), ('Charts', 1802);",
                 nullptr, nullptr, nullptr);
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(8080);
    const int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(server, reinterpret_cast<sockaddr *>(&place), sizeof place) != 0 || listen(server, 16) != 0) return 1;
    for (;;) {
        const int client = accept(server, nullptr, nullptr);
        char request[2048];
        const ssize_t got = read(client, request, sizeof request);
        if (got > 0) {
            const bool years = std::string(request, got).rfind("GET /years ", 0) == 0;
            const std::string body = books(shelf, years ? "year" : "title");
            const std::string answer = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                                       std::to_string(body.size()) + "\r\n\r\n" + body;
            if (write(client, answer.data(), answer.size()) < 0) perror("write");
        }
        shutdown(client, SHUT_WR);
        close(client);
    }
}
