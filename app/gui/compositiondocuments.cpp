// SPDX-License-Identifier: Apache-2.0
// The part of Composition that ties documents and the context's limit to the chat.
#include "app/gui/composition.h"

#include "app/gui/capturesession.h"
#include "app/gui/documentreader.h"
#include "ui/mainwindow/documentdialog.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/modellibrarypanel.h"
#include "ui/widgets/lastfolder.h"

#include <QFileDialog>
#include <QFileInfo>

#include <algorithm>

namespace moescope::gui {

void Composition::connectDocuments() {
    ui::ChatPanel* chat = m_window->chat();
    connect(chat, &ui::ChatPanel::sendRequested, this,
            [this](const QString& text, const QList<ui::DocumentView>& documents) {
                m_documents.clear();
                m_session.send(text, documentsOf(documents));
            });
    connect(chat, &ui::ChatPanel::editRequested, this,
            [this](qint64 message, const QString& text, const QList<ui::DocumentView>& documents) {
                m_session.edit(message, text, documentsOf(documents));
            });
    connect(chat, &ui::ChatPanel::contextChosen, this,
            [this](ui::ContextChoice choice, const QString& text, const QList<ui::DocumentView>& documents) {
                m_session.choose(choice, text, documentsOf(documents));
            });
    connect(chat, &ui::ChatPanel::contextOfferClosed, &m_session, &ChatSession::dismissOffer);
    connect(&m_session, &ChatSession::offerChanged, chat, &ui::ChatPanel::setContextOffer);
    connect(chat, &ui::ChatPanel::addDocumentsRequested, this, &Composition::chooseDocuments);
    connect(m_window.get(), &ui::MainWindow::addDocumentsRequested, this, &Composition::chooseDocuments);
    connect(chat, &ui::ChatPanel::documentRemoved, &m_documents, &DraftDocuments::remove);
    connect(chat, &ui::ChatPanel::editBegun, &m_documents, &DraftDocuments::beginEdit);
    connect(chat, &ui::ChatPanel::editEnded, &m_documents, &DraftDocuments::endEdit);
    connect(chat, &ui::ChatPanel::documentOpened, this, [this](const ui::DocumentView& document) {
        auto* dialog = new ui::DocumentDialog(document, m_window.get());
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->open();
    });
    connect(&m_documents, &DraftDocuments::changed, chat, &ui::ChatPanel::setDocuments);
    connect(&m_documents, &DraftDocuments::draftChanged, &m_session, &ChatSession::setDraftDocuments);
    connect(&m_documents, &DraftDocuments::refused, chat, &ui::ChatPanel::setNotice);
    connect(&m_documents, &DraftDocuments::modelFound, this, [this](const QString& path) { m_shelf.take({path}); });
    connect(&m_session, &ChatSession::draftDocumentsShown, &m_documents, &DraftDocuments::show);
    m_session.setLongerContext([this](quint32 tokens) { return longerContext(tokens); });
    connect(&m_session, &ChatSession::longerContextWanted, this, [this](quint32 tokens) {
        m_choice.context = tokens;
        m_chosen = Chosen::ByUser;
        loadModel();
    });
    connect(&m_controller, &controller::InferenceController::loadFailed, &m_session, &ChatSession::loadFailed);
}

void Composition::chooseDocuments() {
    auto* dialog =
        new QFileDialog(m_window.get(), tr("Add documents to your message"), ui::lastFolder(), tr("All files (*)"));
    dialog->setFileMode(QFileDialog::ExistingFiles);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::filesSelected, this, [this](const QStringList& paths) {
        if (!paths.isEmpty()) {
            ui::rememberFolderOf(paths.first());
        }
        m_documents.add(paths);
        m_window->chat()->focusComposer();
    });
    dialog->open();
}

void Composition::filesDropped(const QList<QUrl>& urls) {
    const bool comparison = m_window->isComparisonShown();
    const QList<QUrl> others = comparison ? takeRuns(urls) : m_captures->takeCaptures(urls);
    // On the page of models only models are wanted, and a capture takes no message.
    const bool chat = !m_window->areModelsShown() && !m_captures->isOpen();
    QList<QUrl> models;
    QStringList documents;
    for (const QUrl& url : others) {
        const QString path = url.isLocalFile() ? url.toLocalFile() : QString();
        const bool model =
            path.isEmpty() || path.endsWith(QLatin1String(".gguf"), Qt::CaseInsensitive) || QFileInfo(path).isDir();
        if (model || !chat) {
            models.append(url);
        } else {
            documents.append(path);
        }
    }
    if (!models.isEmpty()) {
        m_shelf.takeUrls(models);
    }
    if (!documents.isEmpty() && comparison) {
        m_window->openRunSheet(documents.first());
    } else if (!documents.isEmpty()) {
        m_documents.add(documents);
        m_window->chat()->focusComposer();
    }
}

LongerContext Composition::longerContext(quint32 tokens) const {
    const auto& loaded = m_controller.loaded();
    if (!loaded) {
        return {0, tr("No model is loaded.")};
    }
    const quint32 most = loaded->model.context_length;
    const QString name = QString::fromStdString(loaded->model.name);
    if (tokens > most) {
        return {0, tr("“%1” reads at most %2 tokens at once.").arg(name, ui::groupedText(most))};
    }
    const ui::ModelListModel* models = m_window->library()->models();
    const int row = models->rowOf(m_modelPath);
    if (row < 0) {
        return {0, tr("“%1” is not in the list of models, so what it needs is not known.").arg(name)};
    }
    // What is loaded goes before the model is loaded again.
    ui::FitQuestion question;
    question.device = shortDeviceName(QString::fromStdString(loaded->device.name));
    question.free_bytes = loaded->context.free_bytes;
    if (m_options.memory_bytes > 0) {
        question.free_bytes = std::min(question.free_bytes, m_options.memory_bytes);
    }
    question.software = loaded->device.type == "software";
    question.context = tokens;
    question.kv = m_choice.kv;
    const ui::Fit fit = ui::fitOf(models->at(row).card, question);
    if (fit.fitting_tokens < tokens) {
        return {0, ui::fitSentence(models->at(row).card, fit, question, models->at(row).reason)};
    }
    // Twice of what is there, so that the next message does not ask again.
    return {std::min({fit.fitting_tokens, most, std::max(tokens, loaded->memory.context * 2)}), {}};
}

} // namespace moescope::gui
