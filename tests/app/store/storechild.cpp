// SPDX-License-Identifier: Apache-2.0
// A program that uses the store and comes to a bad end. Prints one line for each thing that happened.
#include "app/store/answerwriter.h"
#include "tests/app/store/storetesting.h"

#include <QCoreApplication>
#include <QElapsedTimer>

#include <csignal>
#include <cstdio>
#include <sys/resource.h>
#include <unistd.h>

using namespace moescope;
using namespace moescope::store;

namespace {

void say(const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
}

/** Streams numbered words until it is killed: "prompt ID", then "N TIME" for each, monotonic ms. */
int stream(QCoreApplication& application, const QString& folder) {
    StoreWorker worker;
    QObject receiver;
    std::unique_ptr<AnswerWriter> writer;
    QTimer ticks;
    int n = 0;
    worker.open(
        folder, {}, &receiver, [](const OpenReport&) {},
        [&](const trace::Error& error) {
            say(error.what());
            QCoreApplication::exit(1);
        });
    worker.run(
        &receiver,
        [](Store& store) {
            const Conversation conversation = store.addConversation();
            const Message prompt = store.addPrompt(conversation.id, 0, QStringLiteral("Count until you die"));
            say("prompt " + std::to_string(prompt.id));
            return store.beginAnswer({conversation.id, prompt.id, {}, {}, {}});
        },
        [&](const Message& answer) {
            writer = std::make_unique<AnswerWriter>(worker, answer.id);
            say("answer " + std::to_string(answer.id));
            ticks.start(10);
        });
    QObject::connect(&ticks, &QTimer::timeout, &receiver, [&] {
        QElapsedTimer time;
        time.start();
        writer->append(QString::number(n) + QLatin1Char(' '), store::testing::makeToken(n));
        say(std::to_string(n++) + " " + std::to_string(time.msecsSinceReference()));
    });
    return application.exec();
}

/** Opens and writes as a user without rights: "ok" or the id and the sentence. */
int tryToWrite(const QString& folder) {
    try {
        Store opened(folder);
        const Conversation conversation = opened.addConversation();
        opened.addPrompt(conversation.id, 0, QStringLiteral("x"));
        say("ok");
    } catch (const trace::Error& error) {
        say(error.id());
        say(error.what());
    }
    return 0;
}

/** Writes under a limit of the size of files, as on a full disk: the ids of the prompts stored, then the error. */
int fill(const QString& folder) {
    std::signal(SIGXFSZ, SIG_IGN);
    try {
        Store opened(folder);
        const Conversation conversation = opened.addConversation();
        const rlimit limit{512 * 1024, 512 * 1024};
        setrlimit(RLIMIT_FSIZE, &limit);
        for (int i = 0; i < 1000; ++i) {
            say(std::to_string(opened.addPrompt(conversation.id, 0, QString(4000, QLatin1Char('x'))).id));
        }
    } catch (const trace::Error& error) {
        say(error.id());
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    QCoreApplication application(argc, argv);
    if (argc != 3) {
        return 2;
    }
    const std::string what = argv[1];
    const QString folder = QString::fromLocal8Bit(argv[2]);
    if (what == "stream") {
        return stream(application, folder);
    }
    if (what == "nobody") {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
            return 3;
        }
        return tryToWrite(folder);
    }
    if (what == "fill") {
        return fill(folder);
    }
    if (what == "hold") {
        Store opened(folder);
        say("open");
        return application.exec();
    }
    return 2;
}
