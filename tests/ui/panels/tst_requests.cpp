// SPDX-License-Identifier: Apache-2.0
// Whatever a model or a person writes, the window asks no server and opens no file for it.
#include "ui/models/conversationlist.h"
#include "ui/panels/chathead.h"
#include "ui/panels/readoutline.h"
#include "ui/panels/transcript.h"
#include "ui/theme/plaintooltip.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QDesktopServices>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTextDocument>
#include <QToolTip>

#include <arpa/inet.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace moescope::ui;

namespace {

/** A server on this machine that only notices who calls. */
class Listener {
public:
    Listener() : m_socket(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (bind(m_socket, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(m_socket, 8) != 0 ||
            getsockname(m_socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            qFatal("there is no port to listen at");
        }
        m_port = ntohs(address.sin_port);
    }
    ~Listener() { close(m_socket); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    QString address() const { return QStringLiteral("http://127.0.0.1:%1/").arg(m_port); }
    int calls() const {
        for (int caller = 0; (caller = accept(m_socket, nullptr, nullptr)) >= 0; ++m_calls) {
            close(caller);
        }
        return m_calls; // so far
    }
    void callYourself() const {
        const int caller = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(m_port);
        connect(caller, reinterpret_cast<sockaddr*>(&address), sizeof address);
        close(caller);
    }

private:
    int m_socket;
    uint16_t m_port = 0;
    mutable int m_calls = 0;
};

/** Notices when files of a folder are opened. */
class FolderWatch {
public:
    explicit FolderWatch(const QString& folder) : m_queue(inotify_init1(IN_NONBLOCK)) {
        inotify_add_watch(m_queue, folder.toUtf8().constData(), IN_OPEN);
    }
    ~FolderWatch() { close(m_queue); }
    FolderWatch(const FolderWatch&) = delete;
    FolderWatch& operator=(const FolderWatch&) = delete;

    bool wasOpened() const {
        alignas(inotify_event) char events[4096];
        return read(m_queue, events, sizeof events) > 0;
    }

private:
    int m_queue;
};

MessageView message(qint64 id, Role role, const QString& text) {
    MessageView view;
    view.id = id;
    view.role = role;
    view.text = text;
    view.model = QStringLiteral("Nano");
    view.created = QDateTime::currentDateTime();
    return view;
}

} // namespace

/** Takes what the desktop would be asked to open. */
class Desktop : public QObject {
    Q_OBJECT
public:
    QList<QUrl> asked;

public slots:
    void take(const QUrl& url) { asked.append(url); }
};

class TestRequests : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() {
        setTheme(*qApp, Theme(Scheme::Light));
        QImage picture(4, 4, QImage::Format_RGB32);
        picture.fill(Qt::red);
        QVERIFY(picture.save(m_folder.filePath(QStringLiteral("picture.png"))));
        for (const char* scheme : {"http", "https", "file", "mailto"}) {
            QDesktopServices::setUrlHandler(QLatin1String(scheme), &m_desktop, "take");
        }
    }

    void cleanupTestCase() {
        for (const char* scheme : {"http", "https", "file", "mailto"}) {
            QDesktopServices::unsetUrlHandler(QLatin1String(scheme));
        }
    }

    void bothWitnessesWork() {
        const Listener server;
        QCOMPARE(server.calls(), 0);
        server.callYourself();
        QTRY_COMPARE(server.calls(), 1);
        const FolderWatch watch(m_folder.path());
        QVERIFY(!watch.wasOpened());
        QVERIFY(!QImage(m_folder.filePath(QStringLiteral("picture.png"))).isNull());
        QVERIFY(watch.wasOpened());
    }

    void theTranscriptAsksForNothing_data() {
        QTest::addColumn<Role>("role");
        QTest::newRow("answer") << Role::Assistant;
        QTest::newRow("person") << Role::User;
    }

    void theTranscriptAsksForNothing() {
        QFETCH(const Role, role);
        const Listener server;
        const FolderWatch watch(m_folder.path());
        const QString text = hostile(server.address());
        Transcript view;
        view.resize(900, 900);
        view.setMessages({message(1, role, text)});
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        // Streamed in small pieces: no cut of it may be taken for something else.
        view.appendMessage(message(2, Role::Assistant, QString()));
        for (qsizetype at = 0; at < text.size(); at += 7) {
            view.appendText(2, text.mid(at, 7));
            QCoreApplication::processEvents();
        }
        view.scrollToEnd();
        QTest::qWait(300);
        view.grab();
        QCOMPARE(server.calls(), 0);
        QVERIFY(!watch.wasOpened());
        QVERIFY(m_desktop.asked.isEmpty());
    }

    void clicksAreToldAndNotObeyed() {
        const Listener server;
        const FolderWatch watch(m_folder.path());
        Transcript view;
        view.resize(900, 900);
        view.setMessages({message(1, Role::Assistant, hostile(server.address()))});
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QSignalSpy told(&view, &Transcript::linkActivated);
        QWidget* viewport = view.viewport();
        for (int y = 4; y < viewport->height(); y += 8) {
            for (int x = 70; x < viewport->width(); x += 24) {
                QWidget* under = viewport->childAt(x, y);
                if (under != nullptr && under->metaObject()->className() == QByteArray("moescope::ui::MarkdownView")) {
                    QTest::mouseClick(under, Qt::LeftButton, {}, under->mapFrom(viewport, QPoint(x, y)));
                }
            }
        }
        QVERIFY2(!told.isEmpty(), "no link was hit");
        for (const QList<QVariant>& target : told) {
            QVERIFY2(target[0].toString().startsWith(QLatin1String("http://127.0.0.1")),
                     qPrintable(target[0].toString()));
        }
        QTest::qWait(100);
        QCOMPARE(server.calls(), 0);
        QVERIFY(!watch.wasOpened());
        QVERIFY(m_desktop.asked.isEmpty());
    }

    void tooltipsShowForeignTextAsItIs() {
        const FolderWatch watch(m_folder.path());
        const QString title = QStringLiteral("<img src=\"%1\"> <b>bold</b> &amp;").arg(picture());
        ChatHead head;
        head.setTitle(title);
        ConversationListModel list;
        list.setConversations({{1, title, QDateTime::currentDateTime(), {}}});
        ReadoutLine readout;
        readout.setReadout({{title, {}}});
        for (const QString& tip : {head.toolTip(), list.index(list.rowOf(1)).data(Qt::ToolTipRole).toString(),
                                   readout.toolTip(), plainToolTip(title)}) {
            QVERIFY(Qt::mightBeRichText(tip));
            QTextDocument shown;
            shown.setHtml(tip);
            QCOMPARE(shown.toPlainText(), title);
            QToolTip::showText({10, 10}, tip);
            QTest::qWait(20);
        }
        QToolTip::hideText();
        QCOMPARE(plainToolTip(QStringLiteral("cats & dogs")), QStringLiteral("cats & dogs"));
        QVERIFY(!watch.wasOpened());
    }

private:
    QString picture() const { return m_folder.filePath(QStringLiteral("picture.png")); }

    QString hostile(const QString& server) const {
        return QStringLiteral("![remote](%1a.png) ![local](file://%2) ![path](%2)\n\n"
                              "<img src=\"%1b.png\"> <img src=\"%2\">\n\n"
                              "<link rel=stylesheet href=\"%1c.css\"><style>@import url(%1d.css);</style>\n\n"
                              "<iframe src=\"%1e\"></iframe><script src=\"%1f.js\"></script>\n\n"
                              "[a link to the server](%1g) and [a link to a file](file://%2) and <%1h>\n\n"
                              "| ![cell](%1i.png) | <img src=\"%1j.png\"> |\n|---|---|\n| %1k | ![x](file://%2) |\n\n"
                              "```html\n<img src=\"%1l.png\">\n```\n\n[ref]\n\n[ref]: %1m \"title\"\n")
            .arg(server, picture());
    }

    QTemporaryDir m_folder;
    Desktop m_desktop;
};

QTEST_MAIN(TestRequests)
#include "tst_requests.moc"
