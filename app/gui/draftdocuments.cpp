// SPDX-License-Identifier: Apache-2.0
#include "app/gui/draftdocuments.h"

#include "app/gui/documentreader.h"
#include "app/gui/values.h"

#include <QFileInfo>

#include <algorithm>
#include <cmath>
#include <utility>

namespace moescope::gui {

using State = ui::DocumentView::State;

namespace {

/** Two figures: more would promise what a share cannot keep. */
qint64 roughly(double value) {
    const double unit = value >= 10 ? std::pow(10, std::floor(std::log10(value)) - 1) : 1;
    return static_cast<qint64>(std::floor(value / unit) * unit);
}

} // namespace

QList<store::Document> documentsOf(const QList<ui::DocumentView>& views) {
    QList<store::Document> documents;
    for (const ui::DocumentView& view : views) {
        if (view.state != State::Reading) {
            documents.append({view.name, view.text, static_cast<quint32>(std::max(view.tokens, 0))});
        }
    }
    return documents;
}

DraftDocuments::DraftDocuments(controller::InferenceController& controller, FileWork& files, QObject* parent)
    : QObject(parent), m_controller(controller), m_files(files) {
    connect(&controller, &controller::InferenceController::documentCounted, this,
            [this](quint64 id, int tokens) { counted(static_cast<qint64>(id), tokens); });
    connect(&controller, &controller::InferenceController::modelLoaded, this, &DraftDocuments::countAll);
    connect(&controller, &controller::InferenceController::modelUnloaded, this, &DraftDocuments::countAll);
}

void DraftDocuments::add(const QStringList& paths) {
    QStringList sentences;
    for (const QString& path : paths) {
        if (m_views.size() >= kMost) {
            sentences.append(tr("“%1” was not added: a message can have %2 documents.")
                                 .arg(store::titleLine(QFileInfo(path).fileName()))
                                 .arg(kMost));
            break;
        }
        ui::DocumentView view;
        view.id = ++m_last;
        view.name = store::titleLine(QFileInfo(path).fileName());
        view.state = State::Reading;
        m_views.append(view);
        m_files.run(
            this, [path] { return readDocument(path); },
            [this, id = view.id](const store::Document& document) { addRead(id, document); },
            [this, id = view.id, path](const trace::Error& error) { failed(id, path, error); });
    }
    tell();
    if (!sentences.isEmpty()) {
        emit refused(sentences.join(QLatin1Char(' ')));
    }
}

void DraftDocuments::addRead(qint64 id, const store::Document& document) {
    if (ui::DocumentView* view = find(id)) {
        view->name = document.name;
        view->text = document.text;
        count(*view);
        tell();
        keep();
    }
}

void DraftDocuments::failed(qint64 id, const QString& path, const trace::Error& error) {
    if (find(id) == nullptr) {
        return;
    }
    remove(id);
    if (error.id() == "document.model") {
        emit modelFound(path);
    } else {
        emit refused(sentence(error));
    }
}

void DraftDocuments::remove(qint64 id) {
    m_controller.forgetDocument(static_cast<quint64>(id));
    if (m_views.removeIf([id](const ui::DocumentView& view) { return view.id == id; }) > 0) {
        tell();
        keep();
    }
}

void DraftDocuments::count(ui::DocumentView& view) {
    view.tokens = -1;
    view.state = m_controller.loaded() ? State::Counting : State::Ready;
    m_controller.countDocument(static_cast<quint64>(view.id), view.text);
}

void DraftDocuments::countAll() {
    for (ui::DocumentView& view : m_views) {
        if (view.state != State::Reading) {
            count(view);
        }
    }
    tell();
}

void DraftDocuments::counted(qint64 id, int tokens) {
    ui::DocumentView* view = find(id);
    if (view == nullptr) {
        return;
    }
    view->tokens = tokens;
    view->state = State::Ready;
    const QString refusal = tooLong(*view, tokens);
    if (refusal.isEmpty()) {
        tell();
        keep();
    } else {
        remove(id);
        emit refused(refusal);
    }
}

QString DraftDocuments::tooLong(const ui::DocumentView& view, int tokens) const {
    const auto& loaded = m_controller.loaded();
    const quint64 most = loaded ? std::max(loaded->model.context_length, loaded->memory.context) : 0;
    if (!loaded || static_cast<quint64>(tokens) < most) {
        return {};
    }
    const quint64 context = loaded->memory.context;
    const quint64 free = context - std::min<quint64>(m_used, context);
    const qint64 fitting = roughly(static_cast<double>(view.text.size()) * static_cast<double>(free) / tokens);
    const QString model = QString::fromStdString(loaded->model.name);
    return tr("“%1” has %2 tokens, and “%3” reads at most %4 at once, of which %5 are free in this chat: about %6 of "
              "its "
              "%7 characters would fit. It was not added. Add a part of it.")
        .arg(view.name, ui::groupedText(tokens), model, ui::groupedText(static_cast<qint64>(most)),
             ui::groupedText(static_cast<qint64>(free)), ui::groupedText(fitting), ui::groupedText(view.text.size()));
}

void DraftDocuments::show(const QList<store::Document>& documents) {
    m_editing = false;
    m_draft.clear();
    QList<ui::DocumentView> views;
    for (const store::Document& document : documents) {
        views.append({0, document.name, document.text, State::Ready, -1});
    }
    set(views);
}

void DraftDocuments::clear() { set({}); }

void DraftDocuments::beginEdit(const QList<ui::DocumentView>& documents) {
    if (!std::exchange(m_editing, true)) {
        m_draft = m_views;
    }
    set(documents);
}

void DraftDocuments::endEdit() {
    if (std::exchange(m_editing, false)) {
        set(std::exchange(m_draft, {}));
    }
}

void DraftDocuments::set(const QList<ui::DocumentView>& views) {
    for (const ui::DocumentView& view : std::as_const(m_views)) {
        m_controller.forgetDocument(static_cast<quint64>(view.id));
    }
    m_views = views;
    m_views.removeIf([](const ui::DocumentView& view) { return view.state == State::Reading; }); // was left meanwhile
    for (ui::DocumentView& view : m_views) {
        view.id = ++m_last;
        count(view);
    }
    tell();
}

ui::DocumentView* DraftDocuments::find(qint64 id) {
    const auto found = std::find_if(m_views.begin(), m_views.end(), [id](const auto& view) { return view.id == id; });
    return found == m_views.end() ? nullptr : &*found;
}

void DraftDocuments::tell() { emit changed(m_views); }

void DraftDocuments::keep() {
    if (!m_editing) {
        emit draftChanged(documentsOf(m_views));
    }
}

} // namespace moescope::gui
